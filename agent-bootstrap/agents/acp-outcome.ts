import type { StopReason } from '@agentclientprotocol/sdk'
import type { Outcome } from '../../core/contract/outcome.ts'

const FAILED: Readonly<Record<Exclude<StopReason, 'end_turn' | 'cancelled'>, string>> = {
  refusal: 'The model refused to go on.',
  max_tokens: 'The model reached its token limit.',
  max_turn_requests: 'The agent reached its limit of requests in one turn.',
}

/** What the end of a turn means for a session that ends with it. */
export const outcomeOfStop = (stop: StopReason): Outcome => {
  if (stop === 'end_turn') return { outcome: 'succeeded', code: stop, reason: 'The agent finished its turn.' }
  if (stop === 'cancelled') return { outcome: 'terminated', code: stop, reason: 'The turn was interrupted.' }
  return { outcome: 'failed', code: stop, reason: FAILED[stop] ?? `The agent stopped: ${stop}.` }
}

/** JSON-RPC's code for a missing login in ACP. */
const AUTH_REQUIRED = -32_000
export const isAuthRequired = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === AUTH_REQUIRED

/** An agent answers failures of all kinds (the API, its login, itself) as an error of the request. */
export const outcomeOfError = (error: unknown, hide: (text: string) => string = (text) => text): Outcome => {
  const message = error instanceof Error ? error.message : String(error)
  const details = error instanceof Error && 'data' in error && error.data !== undefined ? ` ${JSON.stringify(error.data)}` : ''
  if (isAuthRequired(error))
    return { outcome: 'refused', code: 'no_credentials', reason: `The agent is not logged in: ${message}. See: remote doctor` }
  return { outcome: 'failed', code: 'agent_error', reason: hide(`The agent failed: ${message}${details}`).slice(0, 2000) }
}

export const crashed = (how: string, lastWords: string): Outcome => ({
  outcome: 'failed',
  code: 'agent_crashed',
  reason: `The agent's program ended unexpectedly (${how}). ${lastWords}`.trim().slice(0, 2000),
})
