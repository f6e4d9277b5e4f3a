import type { PriceTable } from '../contract/catalogue.ts'

/** Where prices are kept that were read from AWS, so that nobody who plans or launches has to ask for them. */
export interface PriceStore {
  /** As it was put last; undefined until then. One small read. */
  get(): Promise<PriceTable | undefined>
  /** In place of the one before. */
  put(table: PriceTable): Promise<void>
}
