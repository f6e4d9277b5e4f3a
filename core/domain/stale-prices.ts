import type { PriceTable } from '../contract/catalogue.ts'

const STALE_MS = 2 * 86_400_000

/** Of prices that could not be read for days: since when. Undefined while they are fresh. */
export const stalePrices = (table: PriceTable | undefined, now: number): string | undefined => {
  const times = [table?.listedAt, table?.spotAt]
  const isFresh = (time: string | undefined) => time !== undefined && now - Date.parse(time) < STALE_MS
  if (times.every(isFresh)) return undefined
  const known = times.flatMap((time) => (time === undefined ? [] : Date.parse(time)))
  const since = known.length < times.length ? 'yet' : `since ${new Date(Math.min(...known)).toISOString().slice(0, 10)}`
  return `AWS's prices could not be read ${since}; what things cost is figured with those that are known (remote catalogue).`
}
