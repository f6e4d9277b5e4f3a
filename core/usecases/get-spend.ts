import type { Session } from '../contract/session.ts'
import type { LedgerEntry, Spend } from '../contract/spend.ts'
import type { SpendBy } from '../contract/spend-by.ts'
import { dayOf, priced, sumOfCosts } from '../domain/daily-cost.ts'
import { diskEntries } from '../domain/disk-account.ts'
import { pricesOf } from '../domain/prices.ts'
import { type Spending, spendRows } from '../domain/spend-rows.ts'
import { entryKey, ledgerEntries } from '../domain/spent.ts'
import type { Ports } from '../ports/ports.ts'
import { getBudget } from './budget.ts'
import type { Settings } from './settings.ts'

type Needs = Pick<Ports, 'ledger' | 'sessions' | 'workspaces' | 'prices' | 'clock'>

const PAGE = 200
/** Rows of an answer, which has a limit of its own; what is left out is in the total. */
const MAX_ROWS = 2000

const underWay = async ({ sessions }: Pick<Ports, 'sessions'>): Promise<Session[]> => {
  const found: Session[] = []
  let cursor: string | undefined
  do {
    const page = await sessions.list({ active: true, limit: PAGE, cursor })
    found.push(...page.sessions)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

/** Of disks: what is in the ledger, and what came since. */
const disksNow = async ({ workspaces, prices, clock }: Needs): Promise<LedgerEntry[]> => {
  const kept = (await workspaces.list()).filter(({ disk }) => disk !== undefined)
  if (kept.length === 0) return []
  const { usdPerGbMonth } = pricesOf(await prices.get())
  return kept.flatMap((workspace) => diskEntries(workspace, clock.now(), usdPerGbMonth))
}

/** What every session and every disk cost on the UTC days `from` to `to`: the ledger's, and of what goes on the estimate at this moment. */
export const spendings =
  (ports: Needs) =>
  async (from: string, to: string): Promise<Spending[]> => {
    const now = ports.clock.now()
    // First: one that ends meanwhile is in both, and counted as ended.
    const [active, disks] = await Promise.all([underWay(ports), disksNow(ports)])
    const stored = await ports.ledger.entries(from, to)
    const isEnded = new Set(stored.map(({ session }) => session))
    const running = active.filter(({ id }) => !isEnded.has(id)).flatMap((session) => ledgerEntries(priced(session, session, now)))
    const later = new Set(disks.map((entry) => `${entry.day} ${entryKey(entry)}`))
    const known = stored.filter((entry) => !later.has(`${entry.day} ${entryKey(entry)}`))
    return [
      ...[...known, ...disks].map((entry) => ({ ...entry, running: false })),
      ...running.map((entry) => ({ ...entry, running: true })),
    ].filter(({ day }) => day >= from && day <= to)
  }

export const getSpend = (ports: Needs, settings: Pick<Settings, 'dailyBudgetUsd'>) => {
  const read = spendings(ports)
  return async ({ by, sinceSeconds }: { by: SpendBy; sinceSeconds: number }): Promise<Spend> => {
    const now = ports.clock.now()
    const [from, to] = [dayOf(now - sinceSeconds * 1000), dayOf(now)]
    const entries = await read(from, to)
    const rows = spendRows(entries, by)
    const count = (all: readonly Spending[]) => new Set(all.flatMap(({ session }) => session ?? [])).size
    return {
      by,
      from,
      to,
      rows: rows.slice(0, MAX_ROWS),
      leftOut: Math.max(0, rows.length - MAX_ROWS),
      total: sumOfCosts(entries.map(({ cost }) => cost)),
      sessions: count(entries),
      running: count(entries.filter(({ running }) => running)),
      budget: await getBudget(ports, settings)(),
    }
  }
}
