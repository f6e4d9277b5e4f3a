import type { Session } from '../contract/session.ts'
import type { Spend } from '../contract/spend.ts'
import type { SpendBy } from '../contract/spend-by.ts'
import { dayOf, priced, sumOfCosts } from '../domain/daily-cost.ts'
import { type Spending, spendRows } from '../domain/spend-rows.ts'
import { ledgerEntries } from '../domain/spent.ts'
import type { Ports } from '../ports/ports.ts'
import { getBudget } from './budget.ts'
import type { Settings } from './settings.ts'

type Needs = Pick<Ports, 'ledger' | 'sessions' | 'clock'>

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

/** What every session cost on the UTC days `from` to `to`: the ledger's, and of those under way the estimate at this moment. */
export const spendings =
  (ports: Needs) =>
  async (from: string, to: string): Promise<Spending[]> => {
    const now = ports.clock.now()
    // First: one that ends meanwhile is in both, and counted as ended.
    const active = await underWay(ports)
    const ended = await ports.ledger.entries(from, to)
    const isEnded = new Set(ended.map(({ session }) => session))
    const running = active
      .filter(({ id }) => !isEnded.has(id))
      .flatMap((session) => ledgerEntries(priced(session, session, now)))
      .filter(({ day }) => day >= from && day <= to)
    return [...ended.map((entry) => ({ ...entry, running: false })), ...running.map((entry) => ({ ...entry, running: true }))]
  }

export const getSpend = (ports: Needs, settings: Pick<Settings, 'dailyBudgetUsd'>) => {
  const read = spendings(ports)
  return async ({ by, sinceSeconds }: { by: SpendBy; sinceSeconds: number }): Promise<Spend> => {
    const now = ports.clock.now()
    const [from, to] = [dayOf(now - sinceSeconds * 1000), dayOf(now)]
    const entries = await read(from, to)
    const rows = spendRows(entries, by)
    const count = (all: readonly Spending[]) => new Set(all.map(({ session }) => session)).size
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
