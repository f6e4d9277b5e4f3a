import type { Session } from '../../core/contract/session.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import type { Database } from './database.ts'
import { writeSpent } from './sqlite-ledger.ts'
import { openTimelineRows } from './timeline-rows.ts'

const parse = (row: Record<string, unknown> | undefined): Session | undefined =>
  row ? (JSON.parse(String(row['record'])) as Session) : undefined
const isActive = (session: Session) => (session.state === 'ended' ? 0 : 1)

/** Sessions in SQLite. Lists walk the row number, which grows with time; the partial index holds active sessions alone. */
export const openSqliteSessionStore = (db: Database, clock: Clock): SessionStore => {
  const bySession = (id: string) => parse(db.get('SELECT record FROM sessions WHERE id = ?', id))

  const byKey = (key: string) => {
    const known = db.get('SELECT body_hash, session FROM keys WHERE value = ?', key)
    const session = known && bySession(String(known['session']))
    return session && { session, bodyHash: String(known?.['body_hash']) }
  }

  const timeline = openTimelineRows(db, clock)

  const page = (active: boolean, before: number, limit: number) =>
    active
      ? db.all('SELECT n, record FROM sessions WHERE active = 1 AND n < ? ORDER BY n DESC LIMIT ?', before, limit)
      : db.all('SELECT n, record FROM sessions WHERE n < ? ORDER BY n DESC LIMIT ?', before, limit)

  return {
    insert: async (session, key, first) =>
      db.transaction(() => {
        const known = key && byKey(key.value)
        if (known) {
          return known.bodyHash === key.bodyHash
            ? { done: 'existing' as const, session: known.session }
            : { done: 'conflict' as const }
        }
        if (key) db.run('INSERT INTO keys (value, body_hash, session) VALUES (?, ?, ?)', key.value, key.bodyHash, session.id)
        db.run(
          'INSERT INTO sessions (id, version, active, record) VALUES (?, ?, ?, ?)',
          session.id,
          session.version,
          isActive(session),
          JSON.stringify(session),
        )
        timeline.note(session.id, [first])
        return { done: 'inserted' as const, session }
      }),

    get: async (id) => bySession(id),

    withKey: async (key) => byKey(key),

    startingWith: async (prefix, limit) =>
      db
        .all('SELECT id FROM sessions WHERE id >= ? AND id < ? ORDER BY n DESC LIMIT ?', prefix, `${prefix}\u{10ffff}`, limit)
        .map((row) => String(row['id'])),

    list: async ({ active, limit, cursor }) => {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number.parseInt(cursor, 10) || 0
      const rows = page(active, before, limit + 1)
      const sessions = rows.slice(0, limit).flatMap((row) => parse(row) ?? [])
      const last = rows[limit - 1]
      return rows.length > limit && last ? { sessions, next: String(last['n']) } : { sessions }
    },

    save: async (next, notes, spent) =>
      db.transaction(() => {
        const changed = db.run(
          'UPDATE sessions SET version = ?, active = ?, record = ? WHERE id = ? AND version = ?',
          next.version,
          isActive(next),
          JSON.stringify(next),
          next.id,
          next.version - 1,
        )
        if (changed === 0) return false
        timeline.note(next.id, notes)
        if (spent) writeSpent(db, spent)
        return true
      }),

    timeline: async (id) => timeline.read(id),
  }
}
