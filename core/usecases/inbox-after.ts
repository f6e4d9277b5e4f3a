import type { InboxItem } from '../contract/inbox.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseFenced } from './fenced.ts'
import { typedItems } from './session-messages.ts'
import { storedSession } from './stored-session.ts'

/** Items after number `after`, in order. */
export const inboxAfter =
  (ports: Pick<Ports, 'sessions' | 'inbox' | 'secrets'>) =>
  async (id: string, attempt: number, after: number): Promise<{ items: InboxItem[] }> => {
    const session = await storedSession(ports)(id)
    refuseFenced(session, attempt)
    return { items: await typedItems(ports)(session, await ports.inbox.after(id, after)) }
  }
