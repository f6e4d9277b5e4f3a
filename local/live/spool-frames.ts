import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { MAX_PART_BYTES, RECORD_PREFIX } from '../../core/contract/records.ts'
import { isSpoolFile, spoolFileName } from '../adapters/spool-index.ts'

/** A viewer's place in one attempt's spool: the record with seq `next` starts at `offset` of the file that begins with `file`. */
export type SpoolPlace = { file: number; offset: number; next: number }
/** Whole records, ready to be sent as they are (u32 attempt first), and the place behind them. */
export type SpoolFrame = { bytes: Buffer; behind: SpoolPlace }

const MAX_FRAME_BYTES = 256 * 1024
/** Frames kept for viewers that are about as far: those who follow live share every one. */
const KEPT_FRAMES = 8

const openOrNot = (path: string): number | undefined => {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const fill = (fd: number, buffer: Buffer, at: number, offset: number, length: number): number => {
  let done = 0
  while (done < length) {
    const read = readSync(fd, buffer, at + done, length - done, offset + done)
    if (read === 0) break
    done += read
  }
  return done
}

/** Where the first whole records in `data` (`most` of them) end, how many they are, and how long the one after them is if its prefix is there. */
const measure = (
  data: Buffer,
  most = Number.POSITIVE_INFINITY,
): { end: number; count: number; following: number | undefined } => {
  let end = 0
  for (let count = 0; ; count += 1) {
    if (count >= most || end + RECORD_PREFIX > data.length) return { end, count, following: undefined }
    const head = data.readUInt32BE(end)
    const body = data.readUInt32BE(end + 4)
    const length = RECORD_PREFIX + head + body
    if (head === 0 || head > MAX_PART_BYTES || body > MAX_PART_BYTES) return { end, count, following: undefined }
    if (end + length > data.length) return { end, count, following: length }
    end += length
  }
}

/**
 * Reads one attempt's spool for any number of viewers. Reads are synchronous on purpose: what is read was written a moment ago,
 * so that it comes from memory, and one call is cheaper than four trips to the thread pool.
 */
export class SpoolFrames {
  readonly #dir: string
  readonly #attempt: number
  readonly #kept = new Map<string, SpoolFrame>()
  /** Places where there was nothing when the first viewer looked: the others need not look. */
  readonly #ends = new Set<string>()

  constructor(dir: string, attempt: number) {
    this.#dir = dir
    this.#attempt = attempt
  }

  /** The spool may reach further now. */
  grown() {
    this.#ends.clear()
  }

  /** The place of seq `next`; of the end when there is less. */
  place(next: number): SpoolPlace {
    const names = existsSync(this.#dir) ? readdirSync(this.#dir).filter(isSpoolFile).sort() : []
    const file = names.map(Number).findLast((first) => first <= next)
    if (file === undefined) return { file: 1, offset: 0, next: 1 }
    const fd = openOrNot(join(this.#dir, spoolFileName(file)))
    if (fd === undefined) return { file: 1, offset: 0, next: 1 }
    try {
      return this.#skip(fd, { file, offset: 0, next: file }, next)
    } finally {
      closeSync(fd)
    }
  }

  #skip(fd: number, from: SpoolPlace, until: number): SpoolPlace {
    const chunk = Buffer.allocUnsafe(MAX_FRAME_BYTES)
    const { size } = fstatSync(fd)
    let { offset, next } = from
    while (next < until) {
      const read = fill(fd, chunk, 0, offset, chunk.length)
      const { end, count, following } = measure(chunk.subarray(0, read), until - next)
      // A record longer than the chunk is stepped over by its length alone.
      const step =
        count === 0 && following !== undefined && offset + following <= size ? { end: following, count: 1 } : { end, count }
      if (step.count === 0) break
      offset += step.end
      next += step.count
    }
    return { file: from.file, offset, next }
  }

  /** Undefined when there is no whole record at that place yet. */
  read(place: SpoolPlace): SpoolFrame | undefined {
    const key = `${place.file}/${place.offset}`
    const kept = this.#kept.get(key)
    if (kept) return kept
    if (this.#ends.has(key)) return undefined
    const frame = this.#readFile(place) ?? this.#readNextFile(place)
    if (!frame) {
      this.#ends.add(key)
      return undefined
    }
    this.#kept.set(key, frame)
    for (const [oldest] of this.#kept) if (this.#kept.size > KEPT_FRAMES) this.#kept.delete(oldest)
    return frame
  }

  #readNextFile({ file, next }: SpoolPlace): SpoolFrame | undefined {
    return next > file ? this.#readFile({ file: next, offset: 0, next }) : undefined
  }

  #readFile(place: SpoolPlace): SpoolFrame | undefined {
    const fd = openOrNot(join(this.#dir, spoolFileName(place.file)))
    if (fd === undefined) return undefined
    try {
      const there = fstatSync(fd).size - place.offset
      if (there < RECORD_PREFIX) return undefined
      return this.#frame(fd, place, Math.min(there, MAX_FRAME_BYTES), there)
    } finally {
      closeSync(fd)
    }
  }

  #frame(fd: number, place: SpoolPlace, wanted: number, there: number): SpoolFrame | undefined {
    const bytes = Buffer.allocUnsafeSlow(4 + wanted)
    bytes.writeUInt32BE(this.#attempt, 0)
    const filled = fill(fd, bytes, 4, place.offset, wanted)
    const { end, count, following } = measure(bytes.subarray(4, 4 + filled))
    if (count > 0) {
      return {
        bytes: bytes.subarray(0, 4 + end),
        behind: { file: place.file, offset: place.offset + end, next: place.next + count },
      }
    }
    // A single record longer than a frame is sent whole.
    return following !== undefined && following > wanted && following <= there
      ? this.#frame(fd, place, following, there)
      : undefined
  }
}
