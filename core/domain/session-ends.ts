import { isCommand } from '../contract/is-command.ts'
import type { Session } from '../contract/session.ts'

const CLOUD_TTL_SECONDS = 3600
const IDLE_SECONDS = 1800
const AGENT_RETRIES = 2

type Request = Session['request']

/** Null where nothing but the session itself decides: the user's own machines cost nothing by the hour. */
export const ttlSecondsOf = (request: Request): number | null =>
  request.ttlSeconds ?? (request.runtime.startsWith('cloud') ? CLOUD_TTL_SECONDS : null)

/** A command never waits for anybody, so idle means nothing for it unless asked for. */
export const idleSecondsOf = (request: Request): number | null =>
  request.idleSeconds ?? (request.agent === 'shell' ? null : IDLE_SECONDS)

/** A command may have done half its work: only its user can say that running it again is harmless. */
export const retriesOf = (request: Pick<Request, 'agent' | 'retries'>): number =>
  request.retries ?? (isCommand(request.agent) ? 0 : AGENT_RETRIES)

/** `auto` where what the agent can reach is confined: in a sandbox, or on a machine that goes away. */
export const approveOf = (request: Request, sandboxed: boolean): 'auto' | 'ask' | 'deny' => {
  if (request.approve) return request.approve
  if (request.runtime.startsWith('cloud')) return 'auto'
  return sandboxed && request.sandbox !== 'off' ? 'auto' : 'ask'
}
