import { RemoteError } from '../contract/errors.ts'
import { MIN_SECRET_CHARACTERS } from '../contract/secret.ts'
import type { Ports } from '../ports/ports.ts'

export const setSecret =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async (name: string, value: string) => {
    if (value.length >= MIN_SECRET_CHARACTERS) return secrets.set(name, value)
    throw new RemoteError('refused', `the value of ${name} is too short to be kept out of logs`, {
      hint: `a secret has at least ${MIN_SECRET_CHARACTERS} characters; what is no secret can be given with --env`,
    })
  }

/** It is run by whoever dispatches: their login is what it needs, and the value comes with the request. */
export const setSecretCommand =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async (name: string, command: string) =>
    secrets.setCommand(name, command)
