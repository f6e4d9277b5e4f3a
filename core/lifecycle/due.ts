import type { Session } from '../contract/session.ts'
import { currentAttempt } from './change.ts'
import { guards } from './deadlines.ts'
import { PLAN, type StepName } from './plan.ts'

/** Run `step` at `at` (milliseconds since 1970; past: at once), unless the record has changed by then. */
export type Due = { step: StepName; at: number }

const ms = (time: string | undefined) => (time === undefined ? 0 : Date.parse(time))

const runDue = (session: Session, listeningSince: number): Due => {
  const heard = Math.max(ms(session.heardAt), ms(session.unreachable?.checkedAt), ms(session.stateSince), listeningSince)
  const silence = Math.max(heard + PLAN.run.heartbeatSeconds * 1000, ms(session.trouble?.notBefore))
  const { stop, ttl, idle } = guards(session, listeningSince)
  let next: Due = { step: 'find', at: silence }
  for (const [step, at] of [
    ['stop', stop],
    ['ttl', ttl],
    ['idle', idle],
  ] as const) {
    if (at !== undefined && at < next.at) next = { step, at }
  }
  return next
}

/**
 * What a driver has to do for a session next; undefined once it has ended. It runs one step at a time per session.
 * `bootSeconds`: how long a machine may take to report. `listeningSince` is when this control plane began to take calls: a silence can only be counted from then on.
 */
export const due = (session: Session, listeningSince: number, bootSeconds: number = PLAN.boot.seconds): Due | undefined => {
  const again = ms(session.trouble?.notBefore)
  switch (session.state) {
    case 'queued':
    case 'placing':
      return { step: 'place', at: again }
    case 'launching':
      return { step: 'launch', at: again }
    case 'booting':
      return { step: 'boot', at: Math.max(ms(currentAttempt(session)?.launchedAt), listeningSince) + bootSeconds * 1000 }
    case 'running':
      return runDue(session, listeningSince)
    case 'releasing':
      return { step: 'release', at: again }
    case 'ended':
      return undefined
  }
}
