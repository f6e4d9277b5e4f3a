import * as z from 'zod'
import { Architecture } from './runner.ts'

/** `GET /v1/catalogue`: what can be launched, smallest of an architecture first. US dollars per hour. */
export const Catalogue = z.object({
  types: z.array(
    z.object({
      instance: z.string(),
      architecture: Architecture,
      vcpus: z.int(),
      memoryGb: z.number(),
      onDemandUsdPerHour: z.number(),
      spotUsdPerHour: z.number(),
    }),
  ),
  /** When the prices were read, and where. */
  pricesAsOf: z.string(),
  pricesFrom: z.string(),
})
export type Catalogue = z.infer<typeof Catalogue>

/**
 * Prices of one region as they were read from AWS, US dollars. What is missing is as in the built-in table. A price that is here was
 * believed.
 */
export const PriceTable = z.object({
  region: z.string(),
  /** ISO 8601: when the price list was read last; absent: never. */
  listedAt: z.iso.datetime().optional(),
  /** On demand, an hour, by instance type. */
  onDemand: z.record(z.string(), z.number().min(0)),
  /** Of a disk. */
  usdPerGbMonth: z.number().min(0).optional(),
  usdPerAddressHour: z.number().min(0).optional(),
  /** When the spot market was asked last. */
  spotAt: z.iso.datetime().optional(),
  /** An hour, by instance type and zone. */
  spot: z.record(z.string(), z.record(z.string(), z.number().min(0))),
  /** What was read and not believed, in words; what it would have replaced is as it was. */
  refused: z.array(z.string()),
})
export type PriceTable = z.infer<typeof PriceTable>
/** `GET /v1/prices`. Null: nothing was read yet, and prices are the built-in ones. */
export const ReadPrices = z.object({ table: PriceTable.nullable() })
export type ReadPrices = z.infer<typeof ReadPrices>
