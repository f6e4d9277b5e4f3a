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
