import type { Session } from '../contract/session.ts'
import { guards } from './deadlines.ts'
import { type Due, due } from './due.ts'
import { SLOWEST_RETRY_SECONDS } from './plan.ts'

/** States of the state machine that is generated from plan.ts. `seconds`: how long to wait in Boot, Run, Turn or Later, at least 1. */
export type MoveName = 'Place' | 'Launch' | 'Boot' | 'Run' | 'Find' | 'Release' | 'Later' | 'Turn' | 'Ended'
export type Move = { next: MoveName; seconds: number }

const CALLS: Partial<Record<Due['step'], MoveName>> = { place: 'Place', launch: 'Launch', find: 'Find', release: 'Release' }
/** A session without any clock is looked at again after so long. */
const LONGEST_WAIT_SECONDS = 30 * 86_400

/** The end that a clock decides next: of a machine that starts, or of a running session (its silence is told by its missing heartbeat). */
const clockEnd = (session: Session, bootSeconds: number): Due | undefined => {
  if (session.state === 'booting') return due(session, 0, bootSeconds)
  if (session.state !== 'running') return undefined
  const ends = (['stop', 'ttl', 'idle'] as const).flatMap((step) => {
    const at = guards(session, 0)[step]
    return at === undefined ? [] : [{ step, at }]
  })
  return ends.toSorted((a, b) => a.at - b.at)[0]
}

/** The clock's end that is over at `now`: a step for `runStep`. */
export const overdue = (session: Session, now: number, bootSeconds: number): Due['step'] | undefined => {
  const end = clockEnd(session, bootSeconds)
  return end && end.at <= now ? end.step : undefined
}

/**
 * Where a session goes on, for a driver that waits by callback: the decision of `due`, as a state of the state machine. `Boot` and
 * `Run` wait for facts, `Later` for the time of a call's next try, `Turn` for that of a launch that is far off, or a fact before. `bootSeconds`: how long a machine may take to report.
 */
export const nextMove = (session: Session, now: number, bootSeconds: number): Move => {
  const until = (at: number) => Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil((at - now) / 1000)))
  if (session.state === 'booting' || session.state === 'running') {
    const end = clockEnd(session, bootSeconds)
    return { next: session.state === 'booting' ? 'Boot' : 'Run', seconds: end ? until(end.at) : LONGEST_WAIT_SECONDS }
  }
  const call = due(session, 0, bootSeconds)
  if (!call) return { next: 'Ended', seconds: 1 }
  if (call.step === 'launch' && call.at > now + SLOWEST_RETRY_SECONDS * 1000) return { next: 'Turn', seconds: until(call.at) }
  return call.at > now ? { next: 'Later', seconds: until(call.at) } : { next: CALLS[call.step] ?? 'Later', seconds: 1 }
}
