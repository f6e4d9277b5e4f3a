import type { PriceTable } from '../contract/catalogue.ts'
import { CATALOGUE, instanceType, USD_PER_ADDRESS_HOUR, USD_PER_GB_MONTH } from './catalogue.ts'
import { pricesOf } from './prices.ts'

export type Listed = {
  onDemand: Readonly<Record<string, number>>
  usdPerGbMonth?: number | undefined
  usdPerAddressHour?: number | undefined
}
export type SpotPrice = { instance: string; zone: string; usdPerHour: number }
/** What was read; undefined: it was not asked, or did not answer. */
export type PricesRead = { listed?: Listed | undefined; spot?: readonly SpotPrice[] | undefined }

/** Against the built-in table, which is of us-east-1: the dearest regions are at 1.8 times that. */
const LISTED_SHARES = { least: 0.4, most: 3 }
/** Against what the same machine costs on demand: the market goes to that, and in a shortage a little beyond. */
const SPOT_SHARES = { least: 0.02, most: 1.5 }

const isWithin = (usd: number, measure: number, { least, most }: typeof LISTED_SHARES) =>
  Number.isFinite(usd) && usd >= measure * least && usd <= measure * most

/**
 * The table with what was read: each price that is absurd is refused and said, and the one before stays. Types that are not in the
 * catalogue are left out.
 */
export const believedPrices = (
  region: string,
  before: PriceTable | undefined,
  { listed, spot }: PricesRead,
  at: string,
): PriceTable => {
  const refused: string[] = []
  const believed = (what: string, usd: number | undefined, measure: number, known: number | undefined) => {
    if (usd === undefined || isWithin(usd, measure, LISTED_SHARES)) return usd ?? known
    refused.push(`${what} is said to cost $${usd}, where $${measure} is known`)
    return known
  }
  const onDemand: Record<string, number> = { ...before?.onDemand }
  for (const { instance, usdPerHour } of CATALOGUE) {
    const usd = believed(instance, listed?.onDemand[instance], usdPerHour, onDemand[instance])
    if (usd !== undefined) onDemand[instance] = usd
  }
  const usdPerGbMonth = believed('a GB of gp3 a month', listed?.usdPerGbMonth, USD_PER_GB_MONTH, before?.usdPerGbMonth)
  const usdPerAddressHour = believed(
    'a public address an hour',
    listed?.usdPerAddressHour,
    USD_PER_ADDRESS_HOUR,
    before?.usdPerAddressHour,
  )
  const listedAt = listed ? at : before?.listedAt
  const known: PriceTable = {
    region,
    ...(listedAt !== undefined && { listedAt }),
    onDemand,
    ...(usdPerGbMonth !== undefined && { usdPerGbMonth }),
    ...(usdPerAddressHour !== undefined && { usdPerAddressHour }),
    ...(before?.spotAt !== undefined && { spotAt: before.spotAt }),
    spot: before?.spot ?? {},
    refused: listed ? refused : (before?.refused ?? []).filter((one) => !one.startsWith(SPOT)),
  }
  return spot ? withMarket(known, spot, at) : { ...known, refused: [...known.refused, ...spotRefusals(before)] }
}

const SPOT = 'spot '
const spotRefusals = (table: PriceTable | undefined) => (table?.refused ?? []).filter((one) => one.startsWith(SPOT))

/** A zone that is not mentioned any more has no such machines to sell. */
const withMarket = (table: PriceTable, offers: readonly SpotPrice[], at: string): PriceTable => {
  const { onDemand } = pricesOf(table)
  const spot: Record<string, Record<string, number>> = {}
  const refused: string[] = []
  for (const { instance, zone, usdPerHour } of offers) {
    const type = instanceType(instance)
    if (!type) continue
    const isBelieved = isWithin(usdPerHour, onDemand(type), SPOT_SHARES)
    if (!isBelieved)
      refused.push(`${SPOT}${instance} in ${zone} is said to cost $${usdPerHour}, and $${onDemand(type)} on demand`)
    const usd = isBelieved ? usdPerHour : table.spot[instance]?.[zone]
    if (usd !== undefined) spot[instance] = { ...spot[instance], [zone]: usd }
  }
  return { ...table, spotAt: at, spot, refused: [...table.refused, ...refused] }
}
