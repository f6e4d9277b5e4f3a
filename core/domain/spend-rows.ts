import type { LedgerEntry, SpendRow } from '../contract/spend.ts'
import type { SpendBy } from '../contract/spend-by.ts'
import { sumOfCosts } from './daily-cost.ts'

/** `running`: an estimate so far. */
export type Spending = LedgerEntry & { running: boolean }

const keyOf = ({ session, day, workspace }: LedgerEntry, by: SpendBy) => ({ session, day, workspace: workspace ?? '' })[by]

const distinct = (values: readonly string[]) => [...new Set(values)]

const rowOf = (key: string, all: readonly Spending[], by: SpendBy): SpendRow => {
  const days = all.map(({ day }) => day).sort()
  return {
    key,
    ...(by === 'session' && { title: all[0]?.title ?? '' }),
    runtime: distinct(all.map(({ runtime }) => runtime))
      .sort()
      .join(', '),
    sessions: distinct(all.map(({ session }) => session)).length,
    running: distinct(all.filter(({ running }) => running).map(({ session }) => session)).length,
    from: days[0] ?? '',
    to: days.at(-1) ?? '',
    cost: sumOfCosts(all.map(({ cost }) => cost)),
  }
}

/** Days latest first, anything else dearest first. */
export const spendRows = (entries: readonly Spending[], by: SpendBy): SpendRow[] =>
  [...Map.groupBy(entries, (entry) => keyOf(entry, by))]
    .map(([key, all]) => rowOf(key, all, by))
    .sort((a, b) => (by === 'day' ? b.key.localeCompare(a.key) : b.cost.totalUsd - a.cost.totalUsd || a.key.localeCompare(b.key)))
