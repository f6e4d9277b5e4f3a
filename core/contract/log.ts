import * as z from 'zod'
import { Sha256 } from './ids.ts'

/** A sealed, durable run of events of one attempt. `url` is absolute, or a path on this API. */
export const Segment = z.object({
  url: z.string(),
  first: z.int().min(1),
  last: z.int().min(1),
  bytes: z.int().min(0),
  sha256: Sha256.optional(),
})
export type Segment = z.infer<typeof Segment>

export const AttemptLog = z.object({
  attempt: z.int().min(1),
  segments: z.array(Segment),
  /** Last durable event. */
  last: z.int().min(0),
  /** No more will come of this attempt. */
  sealed: z.boolean(),
  /** Why the machine was lost, when it was: what it wrote after `last` is not in the record. */
  lost: z.string().optional(),
})
export type AttemptLog = z.infer<typeof AttemptLog>

/** Answer of `GET /v1/sessions/:id/log?from=A.S`: what is durable from there on, and whether more can come. */
export const Log = z.object({ attempts: z.array(AttemptLog), open: z.boolean() })
export type Log = z.infer<typeof Log>
