import type { LedgerEntry } from '../contract/spend.ts'
import type { DiskAccount, Workspace } from '../contract/workspace.ts'
import { HOURS_PER_MONTH } from './catalogue.ts'
import { dayOf, endOfDay } from './daily-cost.ts'
import { NO_COST, wholeGb } from './money.ts'
import type { Spent } from './spent.ts'

/** More at once is more than one transaction of the table takes. */
const MOST_DAYS = 30
const HOUR_MS = 3_600_000

/** Of a disk that was made now: nothing is counted yet. */
export const openAccount = (now: number): DiskAccount => {
  const at = new Date(now).toISOString()
  return { since: at, countedTo: at, day: dayOf(now), dayUsd: 0 }
}

const microUsd = (usd: number) => Math.round(usd * 1_000_000)

export type Settled = { disk: DiskAccount; spent: Spent }

/**
 * What a workspace's disk cost since that was counted last, day by day of UTC, at its size and this price; in use or not. What was counted
 * is in the account, so whoever stores both together counts every second once, in whichever order and however often it is tried. After a
 * long time only the first days: `countedTo` says how far it came.
 */
export const settledDisk = (
  { name, runtime, sizeBytes }: Pick<Workspace, 'name' | 'runtime' | 'sizeBytes'>,
  before: DiskAccount,
  now: number,
  usdPerGbMonth: number,
): Settled => {
  const usdPerMs = (wholeGb(sizeBytes) * usdPerGbMonth) / HOURS_PER_MONTH / HOUR_MS
  const id = `${name}@${before.since}`
  const entries: LedgerEntry[] = []
  const amounts: { day: string; microUsd: number }[] = []
  let account = before
  for (let from = Date.parse(before.countedTo); from < now && entries.length < MOST_DAYS; from = Date.parse(account.countedTo)) {
    const day = dayOf(from)
    const to = Math.min(now, endOfDay(day))
    const known = day === account.day ? account.dayUsd : 0
    const usd = known + usdPerMs * (to - from)
    const cost = { ...NO_COST, volumeUsd: usd, totalUsd: usd }
    entries.push({ day, disk: id, title: `disk of ${name}`, runtime, by: 'remote', workspace: name, cost })
    amounts.push({ day, microUsd: microUsd(usd) - microUsd(known) })
    account = { ...account, countedTo: new Date(to).toISOString(), day, dayUsd: usd }
  }
  return { disk: account, spent: { amounts: amounts.filter((amount) => amount.microUsd !== 0), entries } }
}

/** All of it up to this moment, as entries that stand in place of those that are in the ledger already. */
export const diskEntries = (workspace: Workspace, now: number, usdPerGbMonth: number): LedgerEntry[] => {
  const entries: LedgerEntry[] = []
  for (let account = workspace.disk; account && Date.parse(account.countedTo) < now; ) {
    const { disk, spent } = settledDisk(workspace, account, now, usdPerGbMonth)
    entries.push(...spent.entries)
    account = disk
  }
  return entries
}
