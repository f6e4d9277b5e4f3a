import type { EventHead, LogEvent } from './events.ts'

/**
 * The one byte format of spool, segments and binary live frames. Per record, big endian:
 * u32 length of head · u32 length of body · head (JSON, UTF-8) · body (raw bytes of `output`, else empty).
 */
export const RECORD_PREFIX = 8
/** Longest head or body a reader accepts: a torn or hostile length must not allocate gigabytes. */
export const MAX_PART_BYTES = 16 * 1024 * 1024

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Everything of a record but its body, which is `bodyBytes` long and follows. */
export const encodeRecordStart = (head: EventHead, bodyBytes: number): Uint8Array => {
  const json = encoder.encode(JSON.stringify(head))
  const start = new Uint8Array(RECORD_PREFIX + json.length)
  const view = new DataView(start.buffer)
  view.setUint32(0, json.length)
  view.setUint32(4, bodyBytes)
  start.set(json, RECORD_PREFIX)
  return start
}

export const encodeRecord = (head: EventHead, bytes: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const start = encodeRecordStart(head, bytes.length)
  const record = new Uint8Array(start.length + bytes.length)
  record.set(start)
  record.set(bytes, start.length)
  return record
}

/** Thrown for bytes that no writer of ours wrote. */
export class CorruptRecord extends Error {}

/** Length of the whole record at `offset`, or undefined when `data` ends before it does. */
export const recordLength = (data: Uint8Array, offset: number): number | undefined => {
  if (data.length - offset < RECORD_PREFIX) return undefined
  const view = new DataView(data.buffer, data.byteOffset + offset, RECORD_PREFIX)
  const head = view.getUint32(0)
  const body = view.getUint32(4)
  if (head === 0 || head > MAX_PART_BYTES || body > MAX_PART_BYTES) throw new CorruptRecord(`record of ${head} + ${body} bytes`)
  const length = RECORD_PREFIX + head + body
  return data.length - offset < length ? undefined : length
}

/** All whole records in `data`; `rest` is where the first unfinished one starts. Bodies are views, not copies. */
export const decodeRecords = (data: Uint8Array): { events: LogEvent[]; rest: number } => {
  const events: LogEvent[] = []
  let at = 0
  for (let length = recordLength(data, at); length !== undefined; length = recordLength(data, at)) {
    const headBytes = new DataView(data.buffer, data.byteOffset + at, 4).getUint32(0)
    const headEnd = at + RECORD_PREFIX + headBytes
    const head = JSON.parse(decoder.decode(data.subarray(at + RECORD_PREFIX, headEnd))) as EventHead
    events.push(headEnd < at + length ? { head, bytes: data.subarray(headEnd, at + length) } : { head })
    at += length
  }
  return { events, rest: at }
}
