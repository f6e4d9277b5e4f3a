import type { Cost, Session } from '../contract/session.ts'
import { costOf, NO_COST } from './money.ts'

/** The UTC day of a time, as `2026-11-21`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
export const startOfDay = (day: string): number => Date.parse(`${day}T00:00:00.000Z`)
/** When the day after begins. */
export const endOfDay = (day: string): number => startOfDay(day) + 86_400_000

const KEYS = Object.keys(NO_COST) as (keyof Cost)[]
const combined = (a: Cost, b: Cost, sign: 1 | -1): Cost =>
  Object.fromEntries(KEYS.map((key) => [key, a[key] + sign * b[key]])) as Cost

export const sumOfCosts = (costs: readonly Cost[]): Cost => costs.reduce((sum, cost) => combined(sum, cost, 1), NO_COST)

type DayCost = { day: string; cost: Cost }

const isSomething = ({ cost }: DayCost) => KEYS.some((key) => cost[key] !== 0)

/** The days since the last price that are over at `now`: machines by the second, agents by what they had reported. */
const closed = (before: Session, now: number): DayCost[] => {
  const launched = before.attempts.find(({ launchedAt }) => launchedAt !== undefined)?.launchedAt
  const days = [...(before.closedDays ?? [])]
  const first = before.costDay ?? dayOf(launched === undefined ? now : Date.parse(launched))
  for (let day = first; endOfDay(day) <= now; day = dayOf(endOfDay(day))) {
    const known = sumOfCosts(days.map(({ cost }) => cost))
    days.push({ day, cost: combined(costOf(before, endOfDay(day)), known, -1) })
  }
  return days.filter(isSomething)
}

/** `next` with its cost at `now`, and the shares of the days that ended since `before`. */
export const priced = (before: Session, next: Session, now: number): Session => {
  const cost = costOf(next, now)
  if (!isSomething({ day: '', cost })) return { ...next, cost }
  const closedDays = closed(before, now)
  return { ...next, cost, costDay: dayOf(now), ...(closedDays.length > 0 && { closedDays }) }
}

/** What a session cost on each UTC day, oldest first; together they are its cost. */
export const costByDay = ({ cost, costDay, closedDays = [], endedAt, createdAt }: Session): DayCost[] => {
  const day = costDay ?? dayOf(Date.parse(endedAt ?? createdAt))
  const last = combined(cost, sumOfCosts(closedDays.map((one) => one.cost)), -1)
  return [...closedDays, { day, cost: last }].filter(isSomething)
}
