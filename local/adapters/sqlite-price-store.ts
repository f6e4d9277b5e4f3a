import type { PriceTable } from '../../core/contract/catalogue.ts'
import type { PriceStore } from '../../core/ports/price-store.ts'
import type { Database } from './database.ts'

/** One row. */
export const openSqlitePriceStore = (db: Database): PriceStore => ({
  get: async () => {
    const row = db.get('SELECT price_table FROM prices')
    return row && (JSON.parse(String(row['price_table'])) as PriceTable)
  },
  put: async (table) => {
    db.run(
      'INSERT INTO prices (n, price_table) VALUES (1, ?) ON CONFLICT (n) DO UPDATE SET price_table = excluded.price_table',
      JSON.stringify(table),
    )
  },
})
