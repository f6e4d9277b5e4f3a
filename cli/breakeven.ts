import type { Spend } from '../core/contract/spend.ts'
import { shownMoney } from './values/money.ts'

/** A machine of one's own to compare with: a used small desktop with 64 GB and its power, as of 2026-11. */
const OWN = { upfrontUsd: 450, powerUsdPerMonth: 5, what: 'a used small desktop with 64 GB' } as const
const DAYS_OF_MONTH = 30

export type Breakeven = {
  /** Days the figures are of: since the first session, today included. */
  days: number
  spentUsd: number
  monthlyUsd: number
  own: typeof OWN
  /** Until it has paid for itself; null: never, at this rate. */
  months: number | null
}

const spanDays = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1

/** Machines, disks, addresses and calls of the cloud as a month, against owning. An agent's tokens cost the same everywhere. */
export const breakeven = (clouds: readonly Spend[]): Breakeven => {
  const rows = clouds.flatMap(({ rows: all }) => all)
  const spentUsd = rows.reduce((sum, { cost }) => sum + cost.totalUsd - cost.agentUsd, 0)
  const first = rows.map(({ from }) => from).sort()[0]
  const last = clouds
    .map(({ to }) => to)
    .sort()
    .at(-1)
  const days = first === undefined || last === undefined ? 0 : spanDays(first, last)
  const monthlyUsd = days === 0 ? 0 : (spentUsd / days) * DAYS_OF_MONTH
  const saved = monthlyUsd - OWN.powerUsdPerMonth
  return { days, spentUsd, monthlyUsd, own: OWN, months: saved <= 0 ? null : Math.ceil(OWN.upfrontUsd / saved) }
}

export const breakevenText = ({ days, spentUsd, monthlyUsd, own, months }: Breakeven): string => {
  if (days === 0) return 'nothing was spent in the cloud: there is nothing to compare\n'
  const span = days === 1 ? 'today' : `the last ${days} days`
  const verdict =
    months === null
      ? 'At this rate it would never pay for itself: the cloud is cheaper.'
      : `At this rate it would have paid for itself after ${months} ${months === 1 ? 'month' : 'months'}.`
  return [
    `cloud:   ${shownMoney(spentUsd)} in ${span}, ${shownMoney(monthlyUsd)} a month at this rate (machines, disks, addresses, calls; not the agent's tokens)`,
    `own:     ${shownMoney(own.upfrontUsd)} once and ${shownMoney(own.powerUsdPerMonth)} a month of power, for ${own.what}`,
    verdict,
    'It would run one size of work, at home, and not grow; its upkeep and your time are not counted.',
    ...(days < 7 ? [`${days === 1 ? 'One day says' : `${days} days say`} little about a month.`] : []),
    '',
  ].join('\n')
}
