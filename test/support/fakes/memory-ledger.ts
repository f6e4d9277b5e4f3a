import type { TimelineEntry } from '../../../core/contract/session.ts'
import type { LedgerEntry } from '../../../core/contract/spend.ts'
import { auditEntries } from '../../../core/domain/audit-entries.ts'
import { budgetNote, entryKey, type Spent } from '../../../core/domain/spent.ts'
import type { Ledger, StoredBudget } from '../../../core/ports/ledger.ts'
import { type MemoryAuditLog, memoryAuditLog } from './memory-audit-log.ts'

export type MemoryLedger = Ledger & { write(spent: Spent): void }

/** `write` is the store's, with the record. */
export const memoryLedger = (audit: MemoryAuditLog = memoryAuditLog()): MemoryLedger => {
  const sums = new Map<string, number>()
  const entries = new Map<string, LedgerEntry>()
  const changes: TimelineEntry[] = []
  let budget: StoredBudget | undefined
  return {
    write: (spent) => {
      for (const { day, microUsd } of spent.amounts) sums.set(day, (sums.get(day) ?? 0) + microUsd)
      for (const entry of spent.entries) entries.set(`${entry.day}#${entryKey(entry)}`, structuredClone(entry))
    },
    spentOn: async (day) => sums.get(day) ?? 0,
    entries: async (from, to) =>
      [...entries.keys()]
        .sort()
        .flatMap((key) => entries.get(key) ?? [])
        .filter(({ day }) => day >= from && day <= to),
    budget: async () => structuredClone(budget),
    setBudget: async (next) => {
      const change = { n: changes.length + 1, at: next.at, hash: String(changes.length + 1), ...budgetNote(budget, next) }
      changes.push(change)
      audit.write(auditEntries('budget', [change]))
      budget = structuredClone(next)
    },
    budgetChanges: async () => ({ entries: structuredClone(changes), intact: true }),
  }
}
