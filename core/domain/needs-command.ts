import { RemoteError } from '../contract/remote-error.ts'

/** A secret's command is run where its owner dispatches: nobody else has their login, their terminal, their environment. */
export const needsCommand = (name: string): RemoteError =>
  new RemoteError('refused', `secret ${name} is what a command prints, and the request came without it`, {
    hint: `dispatch it with the remote program, or send its value in credentials.${name}`,
  })
