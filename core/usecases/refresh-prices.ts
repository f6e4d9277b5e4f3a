import { believedPrices } from '../domain/believed-prices.ts'
import { CATALOGUE } from '../domain/catalogue.ts'
import type { Market } from '../ports/market.ts'
import type { Ports } from '../ports/ports.ts'

/** `refused`: what was not believed, and was not said before. `failed`: what did not answer; that stays as it was. */
export type Refreshed = { refused: readonly string[]; failed: readonly string[] }

/** The list changes a few times a year; the market within hours. A little less than a day, so that it is not put off to the next one. */
const LIST_AGE_MS = 20 * 3_600_000

/** Asks the market, believes what is likely, and keeps it. May be repeated. */
export const refreshPrices =
  ({ prices, clock }: Pick<Ports, 'prices' | 'clock'>, market: Market) =>
  async (): Promise<Refreshed> => {
    const before = await prices.get()
    const now = clock.now()
    const failed: string[] = []
    const answer = <T>(what: string, asked: Promise<T>) =>
      asked.catch((error: unknown) => {
        failed.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
        return undefined
      })
    const instances = CATALOGUE.map(({ instance }) => instance)
    const isListDue = before?.listedAt === undefined || now - Date.parse(before.listedAt) >= LIST_AGE_MS
    const [listed, spot] = await Promise.all([
      isListDue ? answer('price list', market.listed(instances)) : undefined,
      answer('spot market', market.spot(instances)),
    ])
    if (listed === undefined && spot === undefined) return { refused: [], failed }
    const table = believedPrices(market.region, before, { listed, spot }, new Date(now).toISOString())
    await prices.put(table)
    const known = new Set(before?.refused)
    return { refused: table.refused.filter((one) => !known.has(one)), failed }
  }
