import type { LedgerEntry } from '../../core/contract/spend.ts'
import { budgetNote, entryKey, type Spent } from '../../core/domain/spent.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Ledger, StoredBudget } from '../../core/ports/ledger.ts'
import type { Database } from './database.ts'
import { openTimelineRows } from './timeline-rows.ts'

/** No session is called so. */
const BUDGET = 'budget'

/** Inside the transaction that stores the record which was counted. */
export const writeSpent = (db: Database, { amounts, entries }: Spent) => {
  for (const { day, microUsd } of amounts)
    db.run(
      'INSERT INTO spent (day, micro_usd) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET micro_usd = micro_usd + excluded.micro_usd',
      day,
      microUsd,
    )
  for (const entry of entries)
    db.run(
      'INSERT INTO ledger (day, session, entry) VALUES (?, ?, ?) ON CONFLICT (day, session) DO UPDATE SET entry = excluded.entry',
      entry.day,
      entryKey(entry),
      JSON.stringify(entry),
    )
}

export const openSqliteLedger = (db: Database, clock: Clock): Ledger => {
  const timeline = openTimelineRows(db, clock)
  const budget = (): StoredBudget | undefined => {
    const row = db.get('SELECT daily_usd, set_by, set_at FROM budget')
    if (!row) return undefined
    const dailyUsd = row['daily_usd']
    return { dailyUsd: dailyUsd === null ? null : Number(dailyUsd), by: String(row['set_by']), at: String(row['set_at']) }
  }
  return {
    spentOn: async (day) => Number(db.get('SELECT micro_usd FROM spent WHERE day = ?', day)?.['micro_usd'] ?? 0),
    entries: async (from, to) =>
      db
        .all('SELECT entry FROM ledger WHERE day BETWEEN ? AND ? ORDER BY day, session', from, to)
        .map((row) => JSON.parse(String(row['entry'])) as LedgerEntry),
    budget: async () => budget(),
    setBudget: async (next) =>
      db.transaction(() => {
        timeline.note(BUDGET, [budgetNote(budget(), next)])
        db.run(
          'INSERT INTO budget (n, daily_usd, set_by, set_at) VALUES (1, ?, ?, ?) ON CONFLICT (n) DO UPDATE SET daily_usd = excluded.daily_usd, set_by = excluded.set_by, set_at = excluded.set_at',
          next.dailyUsd,
          next.by,
          next.at,
        )
      }),
    budgetChanges: async () => timeline.read(BUDGET),
  }
}
