import { describe, expect, it } from 'vitest'
import type { PriceTable } from '../../core/contract/catalogue.ts'
import type { PriceStore } from '../../core/ports/price-store.ts'

const table = (usd: number): PriceTable => ({
  region: 'eu-west-1',
  listedAt: '2026-12-01T05:00:00.000Z',
  onDemand: { 't3.small': usd, 'm6i.large': 0.107 },
  usdPerGbMonth: 0.088,
  usdPerAddressHour: 0.005,
  spotAt: '2026-12-01T17:00:00.000Z',
  spot: { 't3.small': { 'eu-west-1a': 0.0071, 'eu-west-1b': 0.0069 } },
  refused: ['m6i.xlarge is said to cost $1920, where $0.192 is known'],
})

/** What every store of prices promises. `open` gives an empty one. */
export const keepsThePriceStorePromise = (name: string, open: () => PriceStore | Promise<PriceStore>) =>
  describe(`price store: ${name}`, () => {
    it('there are no prices until some are put, and then they are as they were put, to the last figure', async () => {
      const store = await open()
      expect(await store.get()).toBeUndefined()
      await store.put(table(0.0228))
      expect(await store.get()).toEqual(table(0.0228))
    })

    it('what is put takes the place of all that was there', async () => {
      const store = await open()
      await store.put(table(0.0228))
      const { usdPerGbMonth: _, ...less } = table(0.03)
      await store.put(less)
      expect(await store.get()).toEqual(less)
    })

    it('of many that put at once one stays whole', async () => {
      const store = await open()
      const all = Array.from({ length: 8 }, (_, n) => table(n))
      await Promise.all(all.map((one) => store.put(one)))
      expect(all).toContainEqual(await store.get())
    })
  })
