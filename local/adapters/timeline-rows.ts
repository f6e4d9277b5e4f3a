import { createHash } from 'node:crypto'
import type { TimelineEntry } from '../../core/contract/session.ts'
import { auditEntries } from '../../core/domain/audit-entries.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { TimelineNote } from '../../core/ports/session-store.ts'
import type { Database } from './database.ts'
import { writeAudit } from './sqlite-audit-log.ts'

const chained = (before: string, entry: string) => createHash('sha256').update(before).update('\n').update(entry).digest('hex')

/**
 * Hash-chained entries of one `id`: a session's, or the budget's. `note` runs inside the caller's transaction; what people
 * did goes into the audit log with it.
 */
export const openTimelineRows = (db: Database, clock: Clock) => ({
  note: (id: string, notes: readonly TimelineNote[]) => {
    if (notes.length === 0) return
    const last = db.get('SELECT n, hash FROM timeline WHERE session = ? ORDER BY n DESC LIMIT 1', id)
    let n = Number(last?.['n'] ?? 0)
    let hash = String(last?.['hash'] ?? '')
    for (const { by, what, detail } of notes) {
      n += 1
      const noted = { n, at: new Date(clock.now()).toISOString(), by, what, ...(detail ? { detail } : {}) }
      const entry = JSON.stringify(noted)
      hash = chained(hash, entry)
      db.run('INSERT INTO timeline (session, n, entry, hash) VALUES (?, ?, ?, ?)', id, n, entry, hash)
      for (const one of auditEntries(id, [noted])) writeAudit(db, one)
    }
  },
  read: (id: string) => {
    let before = ''
    let intact = true
    const entries: TimelineEntry[] = []
    for (const [index, row] of db.all('SELECT n, entry, hash FROM timeline WHERE session = ? ORDER BY n', id).entries()) {
      const text = String(row['entry'])
      const hash = String(row['hash'])
      const entry = JSON.parse(text) as Omit<TimelineEntry, 'hash'>
      if (hash !== chained(before, text) || entry.n !== index + 1 || Number(row['n']) !== index + 1) intact = false
      entries.push({ ...entry, hash })
      before = hash
    }
    return { entries, intact }
  },
})
