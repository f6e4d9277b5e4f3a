import type { PriceTable } from '../../core/contract/catalogue.ts'
import type { PriceStore } from '../../core/ports/price-store.ts'
import { openTable, S, type TableOptions, text } from './dynamo-table.ts'

const KEY = { pk: 'prices', sk: 'table' }

/** One item. */
export const openDynamoPriceStore = (options: TableOptions): PriceStore => {
  const table = openTable(options)
  return {
    get: async () => {
      const item = await table.get(KEY)
      return item && (JSON.parse(text(item['table'])) as PriceTable)
    },
    put: async (prices) => {
      await table.put({ put: { pk: S(KEY.pk), sk: S(KEY.sk), table: S(JSON.stringify(prices)) } })
    },
  }
}
