import type { InboxItem } from '../../../core/contract/inbox.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import type { InboxStore } from '../../../core/ports/inbox-store.ts'

export const memoryInboxStore = (clock: Clock): InboxStore => {
  const inboxes = new Map<string, InboxItem[]>()
  return {
    append: async (session, message, by) => {
      const items = inboxes.get(session) ?? []
      const item = { n: items.length + 1, at: new Date(clock.now()).toISOString(), by, message: structuredClone(message) }
      inboxes.set(session, [...items, item])
      return structuredClone(item)
    },
    after: async (session, after) => structuredClone((inboxes.get(session) ?? []).filter(({ n }) => n > after)),
  }
}
