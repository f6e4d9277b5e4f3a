import type { TimelineEntry } from '../contract/session.ts'
import type { LedgerEntry } from '../contract/spend.ts'

export type StoredBudget = { dailyUsd: number | null; by: string; at: string }

/** What was spent. It is written together with what was counted: by `SessionStore.save`, and by whoever brings the accounts of disks up to date. */
export interface Ledger {
  /** Millionths of a dollar that are counted on a UTC day. One small read, however many sessions there were. */
  spentOn(day: string): Promise<number>
  /** Of sessions that have ended, and of disks: the days from `from` to `to`, both included. */
  entries(from: string, to: string): Promise<LedgerEntry[]>
  /** Undefined until somebody set it. */
  budget(): Promise<StoredBudget | undefined>
  /** With an entry of who changed what, here and in the audit log. Setting the same again is another entry. */
  setBudget(budget: StoredBudget): Promise<void>
  /** The audit of the budget, oldest first. */
  budgetChanges(): Promise<{ entries: TimelineEntry[]; intact: boolean }>
}
