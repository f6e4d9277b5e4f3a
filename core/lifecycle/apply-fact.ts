import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import { counted } from '../domain/spent.ts'
import type { Ports } from '../ports/ports.ts'
import { advance } from './advance.ts'
import type { Fact } from './facts.ts'

/** Each lost race means that somebody else's change was stored, so this many in a row is a fault, not contention. */
const MAX_RACES = 1000

/**
 * Applies a fact to the stored record, deciding again whenever somebody else was quicker, and shows it to the viewers. Answers the
 * record as it is then, changed or not. The caller wakes the lifecycle. `read`: the record, where the caller has just read it.
 */
export const applyFact =
  ({ sessions, doorbell, clock }: Pick<Ports, 'sessions' | 'doorbell' | 'clock'>) =>
  async (id: string, fact: Fact, read?: Session): Promise<Session> => {
    for (let race = 0; race < MAX_RACES; race++) {
      const session = race === 0 && read ? read : await sessions.get(id)
      if (!session) throw new RemoteError('not_found', `there is no session ${id}`, { hint: 'list them: remote status --all' })
      const { session: changed, notes } = advance(session, fact, clock.now())
      if (changed === session) return session
      const { session: next, spent } = counted(changed)
      if (await sessions.save(next, notes, spent)) {
        await doorbell.changed(next)
        return next
      }
    }
    throw new RemoteError('unavailable', `session ${id} changes too quickly`, { hint: 'try again' })
  }
