import { RemoteError } from '../contract/errors.ts'
import type { InboxItem, InboxMessage } from '../contract/inbox.ts'
import type { Session } from '../contract/session.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { shownItem, storedMessage } from './session-messages.ts'
import { sessionOf } from './session-of.ts'

type Needs = Pick<Ports, 'sessions' | 'inbox' | 'secrets' | 'ids' | 'doorbell' | 'clock' | 'lifecycle'>

const isOver = ({ state, ending }: Session) => state === 'ended' || ending !== undefined
const tooLate = ({ id, request }: Session) =>
  new RemoteError('conflict', `session ${id} has ended`, {
    hint: request.agent === 'shell' ? 'run it again: remote dispatch --agent shell "…"' : `continue it: remote resume ${id} "…"`,
  })

/** Puts a follow-up, an interrupt or an answer into a session's inbox. It is handled once, in order. */
export const send =
  (ports: Needs) =>
  async (prefix: string, message: InboxMessage, by: string): Promise<InboxItem> => {
    const session = await sessionOf(ports)(prefix)
    if (isOver(session)) throw tooLate(session)
    if (session.request.agent === 'shell' && message.kind !== 'interrupt') {
      throw new RemoteError('not_supported', 'a shell session takes no messages', {
        hint: `interrupt it: remote send ${session.id} --interrupt`,
      })
    }
    const item = await ports.inbox.append(session.id, await storedMessage(ports)(session, message), by)
    const after = await applyFact(ports)(session.id, { type: 'inbox-grown', last: item.n, by, what: message.kind })
    if (after.state === 'ended') await ports.secrets.forget(session.id)
    // It ended meanwhile, and nobody will read it: the sender must not be left to believe so.
    if (isOver(after)) throw tooLate(after)
    await ports.doorbell.ring(session.id)
    await ports.lifecycle.wake(session.id)
    return shownItem(item)
  }
