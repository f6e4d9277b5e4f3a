import type { Outcome } from '../contract/outcome.ts'
import type { Session } from '../contract/session.ts'
import { idleSecondsOf } from '../domain/session-ends.ts'
import { GRACE_SECONDS, type StepName } from './plan.ts'

const at = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time))
const after = (ms: number | undefined, seconds: number, listeningSince: number) =>
  ms === undefined ? undefined : Math.max(ms, listeningSince) + seconds * 1000

/**
 * When the control plane itself ends a running session, by what decides it. A runner that had nobody to report to is given its time
 * again, counted from `listeningSince`.
 */
export const guards = (session: Session, listeningSince: number) => {
  const idleSeconds = idleSecondsOf(session.request)
  const idleSince = session.waiting?.for === 'follow_up' ? at(session.waiting.since) : undefined
  const idleUntil = idleSince !== undefined && idleSeconds !== null ? idleSince + idleSeconds * 1000 : undefined
  return {
    stop: session.stop && after(at(session.stop.at), GRACE_SECONDS[session.stop.how], listeningSince),
    ttl: after(at(session.expiresAt), GRACE_SECONDS.ttl, listeningSince),
    idle: after(idleUntil, GRACE_SECONDS.idle, listeningSince),
  }
}

/** The outcome when that deadline passed; undefined when, looked at again at `now`, it has not. Without `now` it is not looked at. */
export const deadlineOutcome = (session: Session, step: StepName, now?: number): Outcome | undefined => {
  if (step !== 'stop' && step !== 'ttl' && step !== 'idle') return undefined
  const until = guards(session, 0)[step]
  if (now !== undefined && (until === undefined || until > now)) return undefined
  if (step === 'stop') return session.stop?.why
  if (step === 'ttl') return { outcome: 'expired', code: 'ttl', reason: 'its time to live was over' }
  return { outcome: 'expired', code: 'idle', reason: 'nobody followed up for as long as it may stay idle' }
}
