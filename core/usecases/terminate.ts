import type { Session } from '../contract/session.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { sessionOf } from './session-of.ts'

type Needs = Pick<Ports, 'sessions' | 'doorbell' | 'clock' | 'lifecycle'>

/** Graceful the first time; `now`, or asked again, at once. One that has ended is answered as it is. */
export const terminate =
  (ports: Needs) =>
  async (prefix: string, { now }: { now: boolean }, by: string): Promise<Session> => {
    const session = await sessionOf(ports)(prefix)
    if (session.state === 'ended') return session
    // An end that was not asked for (a limit) is not made urgent by the first person who asks for it too.
    const isSecond = session.stop?.why.outcome === 'terminated'
    const how = now || isSecond ? 'now' : 'graceful'
    const why = { outcome: 'terminated' as const, code: 'terminated', reason: `terminated by ${by}` }
    const after = await applyFact(ports)(session.id, { type: 'stop-asked', how, by, why })
    await ports.doorbell.ring(session.id)
    await ports.lifecycle.wake(session.id)
    return after
  }
