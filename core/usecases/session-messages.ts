import type { InboxItem, InboxMessage } from '../contract/inbox.ts'
import type { Session } from '../contract/session.ts'
import type { Fact } from '../lifecycle/facts.ts'
import type { StoredItem, StoredMessage } from '../ports/inbox-store.ts'
import type { Ports } from '../ports/ports.ts'
import { hideSecrets } from './session-secrets.ts'

/** No variable can have this name. */
const keptName = (original: string) => `:message:${original}`

/**
 * The message as the inbox may keep it: for good, so without the session's secrets. What was typed is kept with these, until the
 * session is released; before the message is stored, so that no runner ever reads the wrong one.
 */
export const storedMessage =
  (ports: Pick<Ports, 'secrets' | 'ids'>) =>
  async (session: Session, message: InboxMessage): Promise<StoredMessage> => {
    if (message.kind !== 'message') return message
    const text = await hideSecrets(ports)(session, message.text)
    if (text === message.text) return message
    const original = await ports.ids.sha256(ports.ids.session()) // a random name: numbers are given by the inbox, and only later
    await ports.secrets.keep(session.id, { [keptName(original)]: message.text })
    return { ...message, text, original }
  }

export const inboxGrown = (items: readonly StoredItem[]): Fact => ({
  type: 'inbox-grown',
  items: items.map(({ n, by, message }) => ({ n, by, what: message.kind })),
})

/** As people may see it. */
export const shownItem = ({ message: { original: _, ...message }, ...item }: StoredItem): InboxItem => ({ ...item, message })

/** As they were typed, for the session's own machine. */
export const typedItems =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async (session: Session, items: readonly StoredItem[]): Promise<InboxItem[]> => {
    const kept = items.some(({ message }) => message.original !== undefined) ? await secrets.kept(session.id) : {}
    return items.map((item) => {
      const { original } = item.message
      const shown = shownItem(item)
      const text = original === undefined ? undefined : kept[keptName(original)]
      return text === undefined || shown.message.kind !== 'message' ? shown : { ...shown, message: { ...shown.message, text } }
    })
  }
