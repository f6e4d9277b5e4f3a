import type { PriceTable } from '../../../core/contract/catalogue.ts'
import type { PriceStore } from '../../../core/ports/price-store.ts'

export const memoryPriceStore = (): PriceStore => {
  let table: PriceTable | undefined
  return {
    get: async () => structuredClone(table),
    put: async (next) => {
      table = structuredClone(next)
    },
  }
}
