import type { Session } from '../../core/contract/session.ts'
import { due } from '../../core/lifecycle/due.ts'
import type { Ports } from '../../core/ports/ports.ts'
import { eachAlone } from './each-alone.ts'

export type Driving = {
  ports: Pick<Ports, 'sessions' | 'lifecycle' | 'clock'>
  /** Gives a session a lifecycle if it has none. Answers whether it had none. */
  revive(session: string): Promise<boolean>
  bootSeconds: number
}
export type Driven = { begun: string[]; revived: string[] }

/** A session that nobody has begun after so long: its caller died between the record and the lifecycle. */
const BEGIN_AFTER_MS = 2 * 60_000
/** What is due for a session happens within seconds while anybody drives it. */
const LATE_MS = 5 * 60_000
/** Step Functions answers 15 such questions a second. Of more, each sweep asks about others. */
const MOST_ASKED = 200
const PAGE = 100

/** Sees to it that every session that has not ended is driven by somebody. `failed` hears of those that could not be. */
export const driveForgotten = ({ ports: { sessions, lifecycle, clock }, revive, bootSeconds }: Driving) => {
  const isForgotten = ({ state, createdAt }: Session) =>
    state === 'queued' && clock.now() - Date.parse(createdAt) > BEGIN_AFTER_MS
  const isLate = (session: Session) => {
    const next = due(session, 0, bootSeconds)
    return next !== undefined && clock.now() - Math.max(next.at, Date.parse(session.stateSince)) > LATE_MS
  }

  const suspicious = async () => {
    const found: { forgotten: string[]; late: string[] } = { forgotten: [], late: [] }
    let cursor: string | undefined
    do {
      const page = await sessions.list({ active: true, limit: PAGE, cursor })
      found.forgotten.push(...page.sessions.filter(isForgotten).map(({ id }) => id))
      found.late.push(...page.sessions.filter(isLate).map(({ id }) => id))
      cursor = page.next
    } while (cursor !== undefined)
    return found
  }

  return async (failed: string[]): Promise<Driven> => {
    const { forgotten, late } = await suspicious()
    const own = (id: string) => id
    const begun = await eachAlone(forgotten, failed, own, (id) => lifecycle.begin(id).then(() => id))
    const start = late.length > MOST_ASKED ? Math.floor(Math.random() * late.length) : 0
    const asked = [...late.slice(start), ...late.slice(0, start)].slice(0, MOST_ASKED)
    const revived = await eachAlone(asked, failed, own, async (id) => ((await revive(id)) ? [id] : []))
    return { begun, revived: revived.flat() }
  }
}
