import * as z from 'zod'
import { Outcome, Usage } from './outcome.ts'

/**
 * What a session's log consists of. Drivers translate into this vocabulary; nobody invents another.
 * `seq` and `at` (ISO time) are the writer's. The bytes of `output` travel beside the head, never inside JSON.
 */
const bodies = [
  z.object({ type: z.literal('output'), stream: z.enum(['stdout', 'stderr']) }),
  z.object({ type: z.literal('message'), role: z.enum(['user', 'agent']), text: z.string() }),
  z.object({ type: z.literal('thought'), text: z.string() }),
  z.object({
    type: z.literal('tool'),
    id: z.string(),
    title: z.string().optional(),
    /** read, edit, delete, move, search, execute, think, fetch, other (ACP's kinds). */
    kind: z.string().optional(),
    status: z.enum(['pending', 'in_progress', 'completed', 'failed']).optional(),
    input: z.unknown().optional(),
    output: z.string().optional(),
    diff: z.object({ path: z.string(), before: z.string().optional(), after: z.string() }).array().optional(),
    locations: z.object({ path: z.string(), line: z.int().optional() }).array().optional(),
  }),
  z.object({
    type: z.literal('plan'),
    entries: z.object({ text: z.string(), status: z.string(), priority: z.string().optional() }).array(),
  }),
  z.object({
    type: z.literal('permission'),
    id: z.string(),
    title: z.string(),
    /** kind: allow_once, allow_always, reject_once, reject_always (ACP's). */
    options: z.object({ id: z.string(), name: z.string(), kind: z.string() }).array(),
  }),
  z.object({ type: z.literal('answer'), id: z.string(), option: z.string(), by: z.string() }),
  Usage.extend({ type: z.literal('usage') }),
  z.object({ type: z.literal('git'), commit: z.string(), files: z.int() }),
  z.object({ type: z.literal('notice'), level: z.enum(['info', 'warn', 'error']), text: z.string() }),
  /** Events of an earlier attempt after `from` (up to `to`, when known) are not in the record. Positions as `attempt.seq`. */
  z.object({ type: z.literal('gap'), from: z.string(), to: z.string().optional(), why: z.string() }),
  z.object({ type: z.literal('port'), number: z.int().min(1).max(65_535) }),
  Outcome.extend({ type: z.literal('end') }),
] as const

/** An event before it has a place: what drivers and the runner produce. */
export const EventBody = z.discriminatedUnion('type', bodies)
export type EventBody = z.infer<typeof EventBody>

export const EventHead = z.intersection(z.object({ seq: z.int().min(1), at: z.string() }), EventBody)
export type EventHead = z.infer<typeof EventHead>

/** One record of a log. `bytes` is present on `output` alone. */
export type LogEvent = { head: EventHead; bytes?: Uint8Array }
