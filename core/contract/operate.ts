import * as z from 'zod'
import { SessionId } from './ids.ts'
import { Architecture } from './runner.ts'

/** Something of the stack in the account that no live record knows; `session`: a record whose machine is gone. */
export const Orphan = z.object({
  kind: z.enum(['machine', 'volume', 'snapshot', 'session']),
  id: z.string(),
  /** What it is, in words: type and zone, or size. */
  what: z.string(),
  why: z.string(),
  session: z.string().optional(),
  /** ISO 8601. */
  since: z.string().optional(),
  /** US dollars, from the price table; 0 when it is not in there. */
  usdPerHour: z.number(),
})
export type Orphan = z.infer<typeof Orphan>

/** `looked`: how many of each there are, orphans among them. */
export const Orphans = z.object({
  orphans: z.array(Orphan),
  looked: z.object({ machines: z.int(), volumes: z.int(), snapshots: z.int() }),
})
export type Orphans = z.infer<typeof Orphans>

/** What became of those that were named: ended, or left alone and why. */
export const EndedOrphans = z.object({
  ended: z.array(z.string()),
  left: z.array(z.object({ id: z.string(), why: z.string() })),
})
export type EndedOrphans = z.infer<typeof EndedOrphans>

/** One launch that EC2 was asked about and did not do. `missing`: the permission, where that is what lacks. */
export const DryLaunch = z.object({
  what: z.string(),
  ok: z.boolean(),
  code: z.string().optional(),
  message: z.string().optional(),
  missing: z.object({ action: z.string(), resource: z.string().optional() }).optional(),
})
export type DryLaunch = z.infer<typeof DryLaunch>
export const DryLaunches = z.object({ launches: z.array(DryLaunch) })
export type DryLaunches = z.infer<typeof DryLaunches>

/** What there still is of one session's machines, by their tags: machines that are not terminated, and disks. */
export const Remains = z.object({
  remains: z.array(z.object({ kind: z.enum(['machine', 'volume']), id: z.string(), state: z.string() })),
})
export type Remains = z.infer<typeof Remains>

/** What becomes of a machine that is to be an image. `replaced`: images that were dropped for it. */
export const Baking = z.object({
  stage: z.enum(['preparing', 'imaging', 'done', 'failed']),
  image: z.string().optional(),
  why: z.string().optional(),
  replaced: z.array(z.string()).optional(),
})
export type Baking = z.infer<typeof Baking>
export const Builder = z.object({ builder: z.string(), instance: z.string(), usdPerHour: z.number() })
export type Builder = z.infer<typeof Builder>

/** What whoever operates a stack asks of it, by invoking its function `operate`: the API is for sessions. */
export const OperateAsk = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('orphans') }),
  z.object({ ask: z.literal('end-orphans'), ids: z.array(z.string().max(64)).min(1).max(200) }),
  z.object({ ask: z.literal('dry-launch') }),
  z.object({ ask: z.literal('bake'), architecture: Architecture }),
  z.object({ ask: z.literal('baking'), builder: z.string().regex(/^i-[0-9a-f]{1,32}$/) }),
  z.object({ ask: z.literal('end-bake'), builder: z.string().regex(/^i-[0-9a-f]{1,32}$/) }),
  z.object({ ask: z.literal('remains'), session: SessionId }),
])
export type OperateAsk = z.infer<typeof OperateAsk>
