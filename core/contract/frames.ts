import * as z from 'zod'
import { Position, SessionId } from './ids.ts'
import { MOST_KEYS_BYTES } from './most-keys-bytes.ts'
import { Session } from './session.ts'

/**
 * WebSocket frames. Text frames are JSON; a binary frame is `live` in binary form: u32 attempt (big endian), then whole
 * records (records.ts). Through API Gateway, where frames are text, `live` carries the same records as base64.
 */
export const Live = z.object({
  type: z.literal('live'),
  attempt: z.int().min(1),
  first: z.int().min(1),
  /** Absent where the store is shared (the spool): then the frame only says how far the spool reaches. */
  records: z.string().optional(),
  last: z.int().min(0),
})

/** A random name: all that one viewer types, as one stream of bytes over all of its connections. */
const KeyStream = z.string().regex(/^[A-Za-z0-9_-]{8,32}$/)

/** Typed at a terminal session; `from`: how many bytes of the stream came before. Lost, doubled and overtaken frames break nothing. */
export const Keys = z.object({
  type: z.literal('keys'),
  stream: KeyStream,
  from: z.int().min(0),
  /** Base64. */
  bytes: z
    .string()
    .max(Math.ceil(MOST_KEYS_BYTES / 3) * 4)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/),
})
export type Keys = z.infer<typeof Keys>

const MOST_CELLS = 10_000
/** The viewer's terminal is this large now; `n` counts those of its stream, and the last one set is the size. */
export const Size = z.object({
  type: z.literal('size'),
  stream: KeyStream,
  n: z.int().min(1),
  columns: z.int().min(1).max(MOST_CELLS),
  rows: z.int().min(1).max(MOST_CELLS),
})
export type Size = z.infer<typeof Size>

/** How far a stream has been typed, and which size of it was taken last. What is not acknowledged, its viewer sends again. */
export const Typed = z.object({
  type: z.literal('typed'),
  attempt: z.int().min(1),
  stream: KeyStream,
  offset: z.int().min(0),
  size: z.int().min(0),
})
export type Typed = z.infer<typeof Typed>

/** Control plane → runner. A doorbell: lost or doubled frames break nothing. */
export const ToRunner = z.discriminatedUnion('type', [
  z.object({ type: z.literal('bell') }),
  z.object({ type: z.literal('watch'), on: z.boolean() }),
  Keys,
  Size,
])
export type ToRunner = z.infer<typeof ToRunner>

/** Runner → control plane. */
export const FromRunner = z.discriminatedUnion('type', [Live, Typed])
export type FromRunner = z.infer<typeof FromRunner>

/** Viewer → control plane. `from` is the first position wanted. */
export const FromViewer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('attach'), session: SessionId, from: Position }),
  /** `--watch` of the status table: every session's record as it changes. */
  z.object({ type: z.literal('watch-all') }),
  Keys,
  Size,
])
export type FromViewer = z.infer<typeof FromViewer>

/** Control plane → viewer (`live` besides, as text or binary). */
export const ToViewer = z.discriminatedUnion('type', [
  /** Live starts at `live`; what lies before it is to be read from segments. */
  z.object({ type: z.literal('attached'), live: Position, session: Session }),
  z.object({ type: z.literal('session'), session: Session }),
  /** The attempt's log ends at `last`; with `lost`, anything seen after it is not in the record. */
  z.object({ type: z.literal('sealed'), attempt: z.int(), last: z.int(), lost: z.string().optional() }),
  /** The viewer fell behind: read from segments, then attach again. */
  z.object({ type: z.literal('behind') }),
  /** Everything there is has been sent; the session has ended. */
  z.object({ type: z.literal('complete'), session: Session }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string(), hint: z.string().optional() }),
  Live,
  Typed,
])
export type ToViewer = z.infer<typeof ToViewer>
