import type { Outcome } from '../contract/outcome.ts'
import { SELF } from '../contract/self.ts'
import type { Attempt, Session, SessionState } from '../contract/session.ts'
import { canMove } from '../domain/session-moves.ts'
import type { TimelineNote } from '../ports/session-store.ts'

/** What a fact makes of a record. No change: the same object, and no notes. */
export type Change = { session: Session; notes: TimelineNote[] }

export const iso = (ms: number) => new Date(ms).toISOString()
export const unchanged = (session: Session): Change => ({ session, notes: [] })
export const note = (what: string, detail?: Record<string, unknown>, by = SELF): TimelineNote =>
  detail ? { by, what, detail } : { by, what }

export const currentAttempt = (session: Session): Attempt | undefined => session.attempts.at(-1)

/** The attempt a fact is about, if that is the current one and not over. */
export const isCurrent = (session: Session, attempt: number) => {
  const current = currentAttempt(session)
  return current !== undefined && current.number === attempt && current.endedAt === undefined
}

export const withAttempt = (session: Session, more: Partial<Attempt>): Session => {
  const current = currentAttempt(session)
  return current ? { ...session, attempts: [...session.attempts.slice(0, -1), { ...current, ...more }] } : session
}

type Passing = 'trouble' | 'waiting' | 'unreachable'

export const without = (session: Session, ...keys: Passing[]): Session => {
  const rest = { ...session }
  for (const key of keys) delete rest[key]
  return rest
}

export const moved = (session: Session, to: SessionState, now: number): Session => {
  if (!canMove(session.state, to)) throw new Error(`a session cannot go from ${session.state} to ${to}`)
  return { ...without(session, 'trouble'), state: to, stateSince: iso(now) }
}

/** Towards the end. The first reason stays: what comes later is a consequence. */
export const ending = (session: Session, why: Outcome, now: number): Session => ({
  ...moved(without(session, 'waiting', 'unreachable'), 'releasing', now),
  ending: session.ending ?? why,
})
