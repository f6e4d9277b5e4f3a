import type { LedgerEntry, SpendRow } from '../contract/spend.ts'
import type { SpendBy } from '../contract/spend-by.ts'
import { sumOfCosts } from './daily-cost.ts'

/** `running`: an estimate so far. */
export type Spending = LedgerEntry & { running: boolean }

const keyOf = ({ session = '', day, workspace = '' }: LedgerEntry, by: SpendBy) => ({ session, day, workspace })[by]

const distinct = (values: readonly string[]) => [...new Set(values)]
const sessionsOf = (all: readonly LedgerEntry[]) => distinct(all.flatMap(({ session }) => session ?? []))

/** Of a session its own; disks of workspaces have none. */
const titleOf = (key: string, all: readonly LedgerEntry[]) => {
  if (key !== '') return all[0]?.title ?? ''
  const names = distinct(all.flatMap(({ workspace }) => workspace ?? [])).sort()
  return `${names.length === 1 ? 'disk of workspace' : 'disks of workspaces'} ${names.join(', ')}`
}

const rowOf = (key: string, all: readonly Spending[], by: SpendBy): SpendRow => {
  const days = all.map(({ day }) => day).sort()
  return {
    key,
    ...(by === 'session' && { title: titleOf(key, all) }),
    runtime: distinct(all.map(({ runtime }) => runtime))
      .sort()
      .join(', '),
    sessions: sessionsOf(all).length,
    running: sessionsOf(all.filter(({ running }) => running)).length,
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
