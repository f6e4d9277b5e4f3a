import type { Dispatch } from '../contract/dispatch.ts'
import { isCommand } from '../contract/is-command.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Budget, SetBudget } from '../contract/spend.ts'
import { dayOf, endOfDay } from '../domain/daily-cost.ts'
import type { Ports } from '../ports/ports.ts'
import type { Settings } from './settings.ts'

type Needs = Pick<Ports, 'ledger' | 'clock'>
type Default = Pick<Settings, 'dailyBudgetUsd'>

const usd = (amount: number) => `$${amount.toFixed(2)}`

/** The daily budget and what is left of it today. Two small reads. */
export const getBudget =
  ({ ledger, clock }: Needs, { dailyBudgetUsd }: Default) =>
  async (): Promise<Budget> => {
    const day = dayOf(clock.now())
    const [stored, microUsd] = await Promise.all([ledger.budget(), ledger.spentOn(day)])
    const dailyUsd = stored ? stored.dailyUsd : dailyBudgetUsd
    const spentUsd = microUsd / 1_000_000
    return {
      dailyUsd,
      ...(stored && { setBy: stored.by, setAt: stored.at }),
      day,
      spentUsd,
      leftUsd: dailyUsd === null ? null : Math.max(0, dailyUsd - spentUsd),
      resetsAt: new Date(endOfDay(day)).toISOString(),
    }
  }

/** Holds from the next dispatch on; sessions under way go on. */
export const setBudget =
  (ports: Needs, settings: Default) =>
  async ({ dailyUsd }: SetBudget, by: string): Promise<Budget> => {
    await ports.ledger.setBudget({ dailyUsd, by, at: new Date(ports.clock.now()).toISOString() })
    return getBudget(ports, settings)()
  }

export const budgetChanges =
  ({ ledger }: Pick<Ports, 'ledger'>) =>
  async () =>
    ledger.budgetChanges()

/** A command on the user's own machine costs nothing. */
const isFree = ({ runtime, agent }: Dispatch) => isCommand(agent) && !runtime.startsWith('cloud')

const inHours = (ms: number) => (ms < 3_600_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`)

/** Throws `over_budget` when today's is spent. */
export const checkBudget = (ports: Needs, settings: Default) => {
  const read = getBudget(ports, settings)
  return async (ask: Dispatch): Promise<void> => {
    if (isFree(ask)) return
    const { dailyUsd, spentUsd, resetsAt } = await read()
    if (dailyUsd === null || spentUsd < dailyUsd) return
    const more = Math.ceil(Math.max(spentUsd, dailyUsd) * 2)
    throw new RemoteError('over_budget', `today's budget of ${usd(dailyUsd)} is spent: ${usd(spentUsd)} so far`, {
      hint: `raise it: remote budget set --daily ${more} --on ${ask.runtime}; or wait until 00:00 UTC (in ${inHours(Date.parse(resetsAt) - ports.clock.now())}). See what it went to: remote spend --since 1d`,
    })
  }
}
