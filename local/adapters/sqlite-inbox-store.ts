import type { InboxItem } from '../../core/contract/inbox.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { InboxStore } from '../../core/ports/inbox-store.ts'
import type { Database } from './database.ts'

export const openSqliteInboxStore = (db: Database, clock: Clock): InboxStore => ({
  append: async (session, message, by) =>
    db.transaction(() => {
      const last = db.get('SELECT MAX(n) AS n FROM inbox WHERE session = ?', session)
      const item: InboxItem = { n: Number(last?.['n'] ?? 0) + 1, at: new Date(clock.now()).toISOString(), by, message }
      db.run('INSERT INTO inbox (session, n, item) VALUES (?, ?, ?)', session, item.n, JSON.stringify(item))
      return item
    }),
  after: async (session, after) =>
    db
      .all('SELECT item FROM inbox WHERE session = ? AND n > ? ORDER BY n', session, after)
      .map((row) => JSON.parse(String(row['item'])) as InboxItem),
})
