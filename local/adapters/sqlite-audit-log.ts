import type { AuditEntry } from '../../core/contract/audit.ts'
import type { AuditLog } from '../../core/ports/audit-log.ts'
import type { Database } from './database.ts'

const parse = (row: Record<string, unknown>) => JSON.parse(String(row['entry'])) as AuditEntry

/** Inside the transaction of what it records, where there is one. */
export const writeAudit = (db: Database, entry: AuditEntry) =>
  db.run('INSERT INTO audit (id, entry) VALUES (?, ?) ON CONFLICT (id) DO NOTHING', entry.id, JSON.stringify(entry))

export const openSqliteAuditLog = (db: Database): AuditLog => ({
  add: async (entry) => {
    writeAudit(db, entry)
  },
  end: async (id, ended) =>
    db.transaction(() => {
      const row = db.get('SELECT entry FROM audit WHERE id = ?', id)
      const entry = row && parse(row)
      if (!entry || entry.ended) return
      db.run('UPDATE audit SET entry = ? WHERE id = ?', JSON.stringify({ ...entry, ended }), id)
    }),
  list: async ({ since, limit, cursor }) => {
    const where = cursor === undefined ? '' : 'AND id < ? '
    const values = cursor === undefined ? [since] : [since, cursor]
    const rows = db.all(`SELECT entry FROM audit WHERE id >= ? ${where}ORDER BY id DESC LIMIT ?`, ...values, limit + 1)
    const entries = rows.slice(0, limit).map(parse)
    const last = entries.at(-1)
    return rows.length > limit && last ? { entries, next: last.id } : { entries }
  },
})
