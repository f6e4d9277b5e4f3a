import { MIN_SECRET_CHARACTERS } from '../contract/min-secret-characters.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'

type Needs = Pick<Ports, 'secrets' | 'audit' | 'ids' | 'clock'>

const asked = (name: string, kind: 'value' | 'command', by: string) => ({
  by,
  what: 'secret set',
  on: `secret ${name}`,
  detail: { kind },
})

export const setSecret = (ports: Needs) => async (name: string, value: string, by: string) => {
  if (value.length >= MIN_SECRET_CHARACTERS) return audited(ports)(asked(name, 'value', by), () => ports.secrets.set(name, value))
  throw new RemoteError('refused', `the value of ${name} is too short to be kept out of logs`, {
    hint: `a secret has at least ${MIN_SECRET_CHARACTERS} characters; what is no secret can be given with --env`,
  })
}

/** It is run by whoever dispatches: their login is what it needs, and the value comes with the request. */
export const setSecretCommand = (ports: Needs) => async (name: string, command: string, by: string) =>
  audited(ports)(asked(name, 'command', by), () => ports.secrets.setCommand(name, command))
