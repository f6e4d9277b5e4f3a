import type { InboxItem, InboxMessage } from '../contract/inbox.ts'
import { isCommand } from '../contract/is-command.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { inboxGrown, shownItem, storedMessage } from './session-messages.ts'
import { sessionOf } from './session-of.ts'

type Needs = Pick<Ports, 'sessions' | 'inbox' | 'secrets' | 'ids' | 'doorbell' | 'clock' | 'lifecycle'>

const isOver = ({ state, ending }: Session) => state === 'ended' || ending !== undefined
const AGAIN: Record<string, string> = {
  shell: 'run it again: remote dispatch --agent shell "…"',
  terminal: 'open another: remote connect',
}
const tooLate = ({ id, request }: Session) =>
  new RemoteError('conflict', `session ${id} has ended`, {
    hint: AGAIN[request.agent] ?? `continue it: remote resume ${id} "…"`,
  })

/** Puts a follow-up, an interrupt or an answer into a session's inbox. It is handled once, in order. */
export const send =
  (ports: Needs) =>
  async (prefix: string, message: InboxMessage, by: string): Promise<InboxItem> => {
    const session = await sessionOf(ports)(prefix)
    if (isOver(session)) throw tooLate(session)
    if (isCommand(session.request.agent) && message.kind !== 'interrupt') {
      const hint =
        session.request.agent === 'shell'
          ? `interrupt it: remote send ${session.id} --interrupt`
          : `type there: remote connect ${session.id}`
      throw new RemoteError('not_supported', `a ${session.request.agent} session takes no messages`, {
        hint,
      })
    }
    const item = await ports.inbox.append(session.id, await storedMessage(ports)(session, message), by)
    // With those before it that are not noted yet: their senders may be at it, or have crashed.
    const items = item.n === session.inboxLast + 1 ? [item] : await ports.inbox.after(session.id, session.inboxLast)
    const after = await applyFact(ports)(session.id, inboxGrown(items))
    if (after.state === 'ended') await ports.secrets.forget(session.id)
    // It ended meanwhile, and nobody will read it: the sender must not be left to believe so.
    if (isOver(after)) throw tooLate(after)
    await ports.doorbell.ring(session.id)
    await ports.lifecycle.wake(session.id)
    return shownItem(item)
  }
