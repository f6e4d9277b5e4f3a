import type { Outcome } from '../core/contract/outcome.ts'
import type { Redaction } from '../core/domain/redaction.ts'
import type { Waiting } from './agents/driver.ts'

/** Of what the contract takes of an outcome's reason, and of what a session waits for. */
const MAX_CHARACTERS = 2000

/** A RemoteError, told by its shape: importing the class would load zod into the runner's start. */
const isRefusal = (error: Error): error is Error & { code: string; hint: string | undefined } =>
  'hint' in error && 'code' in error && typeof error.code === 'string'

/** How a session ends whose agent could not be started, or whose runner failed. */
export const outcomeOf = (error: unknown): Outcome => {
  if (!(error instanceof Error)) return { outcome: 'failed', code: 'runner', reason: String(error) }
  if (isRefusal(error)) {
    const { message, hint } = error
    const reason = typeof hint === 'string' ? `${message}${/[.!?]$/.test(message) ? ' ' : '; '}${hint}` : message
    return { outcome: error.name === 'Retryable' ? 'failed' : 'refused', code: error.code, reason }
  }
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
    return { outcome: 'failed', code: 'disk_full', reason: 'The disk is full.' }
  return { outcome: 'failed', code: 'runner', reason: error.message }
}

/** Fit for the record: no secrets, not too long. */
export const presentable = (outcome: Outcome, redaction: Redaction): Outcome => ({
  ...outcome,
  reason: redaction.text(outcome.reason).slice(0, MAX_CHARACTERS),
})

/** The same for what a session waits for: cut last, because what hides a secret may be longer than the secret. */
export const presentableWaiting = (waiting: Waiting, redaction: Redaction): Waiting =>
  waiting?.what === undefined ? waiting : { ...waiting, what: redaction.text(waiting.what).slice(0, MAX_CHARACTERS) }
