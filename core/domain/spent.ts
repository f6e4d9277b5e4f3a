import type { DayAmount, Session } from '../contract/session.ts'
import type { LedgerEntry } from '../contract/spend.ts'
import { costByDay } from './daily-cost.ts'

/** In place of an entry of the same day and the same key. */
export const entryKey = ({ session, disk = '' }: LedgerEntry): string => session ?? disk

/** What a change of a session adds to the ledger: to the sums of days, and, when it has ended, its entries. */
export type Spent = { amounts: readonly DayAmount[]; entries: readonly LedgerEntry[] }

type Budget = { dailyUsd: number | null; by: string }

/** The audit entry of a changed budget. */
export const budgetNote = (before: Budget | undefined, { dailyUsd, by }: Budget) => ({
  by,
  what: 'budget set',
  detail: { dailyUsd, ...(before && { before: before.dailyUsd }) },
})

/** A running session is counted again when so much has come together: each time costs a write. */
const STEP_MICRO_USD = 10_000

const NOTHING: Spent = { amounts: [], entries: [] }

/** One for each day on which it cost anything. */
export const ledgerEntries = (session: Session): LedgerEntry[] => {
  const { id, title, by, request, attempts } = session
  const instance = attempts.findLast(({ purchase }) => purchase !== undefined)?.purchase?.instance ?? request.instance
  return costByDay(session).map(({ day, cost }) => ({
    day,
    session: id,
    title,
    runtime: request.runtime,
    by,
    ...(request.workspace !== undefined && { workspace: request.workspace }),
    ...(instance !== undefined && { instance }),
    cost,
  }))
}

const microUsd = (usd: number) => Math.round(usd * 1_000_000)

/**
 * A changed session, and what has to be counted with it. What was counted before is in the record, so whoever stores both together counts
 * everything once, in whichever order changes come and however often they are tried.
 */
export const counted = (session: Session): { session: Session; spent: Spent } => {
  const known = new Map(session.counted?.map(({ day, microUsd: amount }) => [day, amount]))
  const now = new Map(costByDay(session).map(({ day, cost }) => [day, microUsd(cost.totalUsd)]))
  const amounts = [...new Set([...known.keys(), ...now.keys()])]
    .map((day) => ({ day, microUsd: (now.get(day) ?? 0) - (known.get(day) ?? 0) }))
    .filter((amount) => amount.microUsd !== 0)
  const hasEnded = session.state === 'ended'
  const isWorthIt = hasEnded || amounts.reduce((sum, amount) => sum + Math.abs(amount.microUsd), 0) >= STEP_MICRO_USD
  const entries = hasEnded ? ledgerEntries(session) : []
  if (amounts.length === 0 || !isWorthIt) return { session, spent: entries.length === 0 ? NOTHING : { amounts: [], entries } }
  const all = [...now].map(([day, amount]) => ({ day, microUsd: amount }))
  return { session: { ...session, counted: all }, spent: { amounts, entries } }
}
