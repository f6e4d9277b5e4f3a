import type { Dispatch } from '../core/contract/dispatch.ts'
import { isCommand } from '../core/contract/is-command.ts'
import { RemoteError } from '../core/contract/remote-error.ts'
import { findCredentials } from './agent-credentials.ts'

/** Throws `no_credentials` for an agent that could only fail: nothing it could log in with is in the request or on this machine. */
export const admitAgent = async (ask: Dispatch, home: string): Promise<Dispatch> => {
  if (ask.agentCommand !== undefined || isCommand(ask.agent)) return ask
  const named = Object.fromEntries(ask.secrets.map((name) => [name, 'a secret']))
  const found = findCredentials({ ...ask.env, ...ask.credentials, ...named }, ask.env['HOME'] ?? home)
  const login = found.find(({ agent }) => agent === ask.agent)
  if (!login || login.ok) return ask
  throw new RemoteError('no_credentials', `${ask.agent} has nothing to log in with: ${login.source}`, { hint: login.hint })
}
