import * as z from 'zod'
import { SessionId } from './ids.ts'
import { Cost, Day } from './session.ts'
import { SPEND_BY } from './spend-by.ts'

/** What one session cost on one UTC day; or the disk of a workspace, which costs whether a session runs or not. */
export const LedgerEntry = z.object({
  day: Day,
  session: SessionId.optional(),
  /** Instead of a session: which disk, by its workspace and when it was made. */
  disk: z.string().optional(),
  title: z.string(),
  runtime: z.string(),
  by: z.string(),
  workspace: z.string().optional(),
  instance: z.string().optional(),
  cost: Cost,
})
export type LedgerEntry = z.infer<typeof LedgerEntry>

/**
 * `key`: the session, day or workspace; empty for sessions without a workspace, and by session for the disks of workspaces. `running`: how
 * many of its sessions are still estimates.
 */
export const SpendRow = z.object({
  key: z.string(),
  title: z.string().optional(),
  runtime: z.string(),
  sessions: z.int(),
  running: z.int(),
  from: Day,
  to: Day,
  cost: Cost,
})
export type SpendRow = z.infer<typeof SpendRow>

/** The daily budget, and today of it; a day is one of UTC. Null: none. */
export const Budget = z.object({
  dailyUsd: z.number().nullable(),
  /** Who changed it, and when; absent while it is as this control plane was set up. */
  setBy: z.string().optional(),
  setAt: z.string().optional(),
  day: Day,
  /** Spent today: what has ended, and what runs so far, to within a cent for each that runs. */
  spentUsd: z.number(),
  leftUsd: z.number().nullable(),
  resetsAt: z.string(),
})
export type Budget = z.infer<typeof Budget>

export const SetBudget = z.strictObject({ dailyUsd: z.number().positive().max(1_000_000).nullable() })
export type SetBudget = z.infer<typeof SetBudget>

/** What was spent on the UTC days `from` to `to`, the dearest first, days the latest first. */
export const Spend = z.object({
  by: z.enum(SPEND_BY),
  from: Day,
  to: Day,
  rows: z.array(SpendRow),
  /** Rows that were left out because there are too many: the cheapest. */
  leftOut: z.int(),
  total: Cost,
  sessions: z.int(),
  running: z.int(),
  budget: Budget,
})
export type Spend = z.infer<typeof Spend>
