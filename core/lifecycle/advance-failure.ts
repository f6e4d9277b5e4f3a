import type { Session } from '../contract/session.ts'
import { type Change, ending, iso, moved, note, unchanged } from './change.ts'
import type { Fact } from './facts.ts'
import { FIRST_RETRY_SECONDS, LONGEST_TURN_SECONDS, PLAN, SLOWEST_RETRY_SECONDS } from './plan.ts'

type Failure = Extract<Fact, { type: 'step-failed' }>

const backoffSeconds = (tries: number) => Math.min(SLOWEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** Math.min(tries - 1, 10))

const STATES: Partial<Record<Failure['step'], readonly string[]>> = {
  place: PLAN.place.states,
  launch: PLAN.launch.states,
  find: PLAN.run.states,
  release: PLAN.release.states,
}

const isSpent = (step: Failure['step'], tries: number, { request }: Session) => {
  // Whoever shares a machine waits until the other session has one, or has ended, which is no failure to be tried again.
  if (request.with !== undefined) return false
  if (step === 'place') return tries > PLAN.place.retries
  return step === 'launch' && tries > PLAN.launch.retries
}

/** Until when it waits, if that is all that keeps it and has not lasted too long. */
const turnOf = ({ stateSince }: Session, { notBefore, retryable }: Failure, now: number): number | undefined => {
  if (notBefore === undefined || !retryable) return undefined
  return Math.max(now, notBefore) - Date.parse(stateSince) < LONGEST_TURN_SECONDS * 1000 ? notBefore : undefined
}

/** A failed call is tried again at a growing distance, or ends the session as refused. Release and asking are never given up. */
export const advanceFailure = (session: Session, fact: Failure, now: number): Change => {
  const { step, code, reason } = fact
  if (!STATES[step]?.includes(session.state)) return unchanged(session)
  const turn = turnOf(session, fact, now)
  if (turn !== undefined) {
    const isNew = session.trouble?.code !== code
    const tries = session.trouble?.tries ?? 0
    const waits: Session = { ...session, trouble: { tries, code, reason, notBefore: iso(turn) } }
    return { session: waits, notes: isNew ? [note(`${step} has to wait`, { reason, until: iso(turn) })] : [] }
  }
  const tries = (session.trouble?.tries ?? 0) + 1
  const mayEnd = step === 'place' || step === 'launch'
  if (mayEnd && (!fact.retryable || isSpent(step, tries, session))) {
    const why = { outcome: 'refused' as const, code: code.slice(0, 64), reason: reason.slice(0, 2000) }
    return { session: ending(session, why, now), notes: [note(`${step} failed`, { code, reason })] }
  }
  const notBefore = iso(now + backoffSeconds(tries) * 1000)
  const placing = session.state === 'queued' ? moved(session, 'placing', now) : session
  const next: Session = { ...placing, trouble: { tries, code, reason, notBefore } }
  // A failure that goes on is noted when it begins; its count is in the record.
  return { session: next, notes: tries === 1 ? [note(`${step} failed`, { code, reason, again: notBefore })] : [] }
}
