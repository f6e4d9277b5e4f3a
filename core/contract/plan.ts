import * as z from 'zod'

export const PlanRequest = z.object({
  task: z.string().min(1),
  instance: z.string().max(64).optional(),
  spot: z.boolean().default(false),
  maxPriceUsd: z.number().positive().optional(),
  ttlSeconds: z.int().positive().optional(),
  /** Tracked bytes, when the caller knows them. */
  repositoryBytes: z.int().min(0).optional(),
})
export type PlanRequest = z.infer<typeof PlanRequest>

/** A priced candidate. US dollars per hour. */
export const Candidate = z.object({
  runtime: z.string(),
  instance: z.string(),
  vcpus: z.int(),
  memoryGb: z.number(),
  onDemandUsdPerHour: z.number(),
  /** In the middle of the zones when it was read, or an estimate; the market decides. */
  spotUsdPerHour: z.number().optional(),
  chosen: z.boolean(),
  why: z.string(),
})
export type Candidate = z.infer<typeof Candidate>
export const Plan = z.object({
  candidates: z.array(Candidate),
  reason: z.string(),
  /** When the price table was made, and where its figures come from. */
  pricesAsOf: z.string(),
  pricesFrom: z.string(),
})
export type Plan = z.infer<typeof Plan>
