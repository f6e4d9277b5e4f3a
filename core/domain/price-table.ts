/**
 * Prices of one region as they were read from AWS, US dollars. What is missing is as in the built-in table (catalogue.ts). A price that is
 * here was believed (believed-prices.ts).
 */
export type PriceTable = {
  region: string
  /** ISO 8601: when the price list was read last; undefined: never. */
  listedAt?: string
  /** On demand, an hour, by instance type. */
  onDemand: Readonly<Record<string, number>>
  /** Of a disk. */
  usdPerGbMonth?: number
  usdPerAddressHour?: number
  /** When the spot market was asked last. */
  spotAt?: string
  /** An hour, by instance type and zone. */
  spot: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** What was read and not believed, in words; what it would have replaced is as it was. */
  refused: readonly string[]
}

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
