import type { DispatchInput } from '../../core/contract/dispatch.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { dispatchRequest, secretsOf } from '../dispatch-request.ts'
import { Flags } from '../flags.ts'
import type { Io } from '../io.ts'
import { printedSecrets } from '../secret-command.ts'
import { settle } from '../settings.ts'

/** Settings that say something about agents, or machines that are bought, mean nothing to a shell for which none is. */
const OF_AGENTS = ['agent', 'agent-command', 'approve', 'interactive', 'retries', 'push', 'from']
const OF_MACHINES = ['instance', 'spot', 'max-price', 'workspace']

export type NewTerminal = {
  io: Io
  connection: Connection
  flags: Flags
  name: string
  /** Besides: where its files come from, or whose machine it shares. */
  more?: Pick<DispatchInput, 'repository' | 'cwd' | 'with'>
  author?: { name: string; email: string } | undefined
}

/** Starts a terminal session. */
export const newTerminal = async ({ io, connection, flags: given, name, more, author }: NewTerminal): Promise<Session> => {
  const { isNear } = connection
  const { flags, project } = await settle(io, given, given.text('repo') ?? io.cwd)
  const dropped = isNear || more?.with ? [...OF_AGENTS, ...OF_MACHINES] : OF_AGENTS
  const kept = new Map([...flags.entries()].filter(([key]) => !dropped.includes(key) || given.has(key)))
  kept.set('agent', 'terminal')
  if (!more?.repository) kept.set('no-repo', true)
  const printed = await printedSecrets(io, connection, secretsOf(flags, project))
  const setting = isNear ? undefined : flags.text('dotfiles')
  const home =
    setting === undefined
      ? undefined
      : await (await import('./send-dotfiles.ts')).sendDotfiles({ io, connection, setting, quiet: given.on('quiet') })
  const asked = dispatchRequest({ task: name, flags: new Flags(kept), env: io.env, project, author, isNear })
  const json: DispatchInput = { ...asked, ...more, ...(home && { home }), credentials: { ...asked.credentials, ...printed } }
  return connection.post('/v1/sessions', { json }, { headers: { 'idempotency-key': crypto.randomUUID() } })
}
