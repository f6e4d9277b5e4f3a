import { close, fdatasync, ftruncateSync, openSync, writev } from 'node:fs'
import type { EventBody, EventHead } from '../core/contract/events.ts'
import { encodeRecordStart } from '../core/contract/records.ts'
import { recoverSpool, spoolFile } from './spool-files.ts'

const FILE_BYTES = 8 * 1024 * 1024
const BATCH_BYTES = 512 * 1024
/** One write takes at most 1024 pieces of memory (IOV_MAX). */
const BATCH_PIECES = 900
/** More than this waiting to be written, and whoever appends should wait. */
const HIGH_WATER_BYTES = 1024 * 1024
/** Output that waits to be written grows into one record, up to this. */
const RECORD_BYTES = 64 * 1024
const RECORD_PIECES = 128

export type Writev = typeof writev
export type SpoolOptions = {
  dir: string
  /** Records up to `last` are on disk. */
  onWritten(first: number, last: number): void
  /** A file is complete: records `first` to `last`. */
  onFile(first: number, last: number, bytes: number): void
  /** The disk refused (full, over quota, gone): nothing more is written, what was written stays. Called once. */
  onFailed(error: Error): void
  writev?: Writev
  /** A new file begins after so many bytes; 8 MB unless told. */
  fileBytes?: number
  /** What is there already stays as it is: a new file begins. */
  anew?: boolean
}

type Queued = { head: EventHead; body: Uint8Array[]; bodyBytes: number }
type Written = { seq: number; bytes: number }
type Batch = { records: Written[]; pieces: Uint8Array[]; bytes: number }
type File = { fd: number; first: number; bytes: number }
/** What a record weighs beside its body, about. */
const OVERHEAD_BYTES = 128
const DONE = Promise.resolve()

const canGrow = ({ head, body, bodyBytes }: Queued, more: EventBody, bytes: number) =>
  head.type === 'output' &&
  more.type === 'output' &&
  head.stream === more.stream &&
  bodyBytes + bytes <= RECORD_BYTES &&
  body.length < RECORD_PIECES

/** The session's log on disk, the truth about it. One write is in flight at a time; what comes meanwhile goes into the next. */
export class Spool {
  readonly #options: SpoolOptions
  readonly #writev: Writev
  #queue: Queued[] = []
  #queuedBytes = 0
  #nextSeq: number
  #durable: number
  #file: File | undefined
  #writing = false
  #failed = false
  #cutSoon = false
  #waiting: { promise: Promise<void>; resolve: () => void } | undefined
  #idle: (() => void)[] = []

  /** Opens the spool in `dir`, after the last whole record in it. */
  constructor(options: SpoolOptions) {
    this.#options = options
    this.#writev = options.writev ?? writev
    const { nextSeq, file } = recoverSpool(options.dir)
    this.#nextSeq = nextSeq
    this.#durable = nextSeq - 1
    if (file && !options.anew) this.#file = { ...file, fd: openSync(spoolFile(options.dir, file.first), 'a', 0o600) }
  }

  /** Seq of the last record on disk. */
  get durable() {
    return this.#durable
  }

  /** Records go to disk in the order of the calls. Resolves when there is room for more, not when it is written. */
  append(body: EventBody, bytes?: Uint8Array): Promise<void> {
    if (this.#failed) return DONE
    const size = bytes?.length ?? 0
    const last = this.#queue.at(-1)
    if (bytes && last && canGrow(last, body, size)) {
      last.body.push(bytes)
      last.bodyBytes += size
    } else {
      const head = { seq: this.#nextSeq++, at: new Date().toISOString(), ...body } as EventHead
      this.#queue.push({ head, body: bytes ? [bytes] : [], bodyBytes: size })
    }
    this.#queuedBytes += size + OVERHEAD_BYTES
    if (!this.#writing) this.#write()
    if (this.#queuedBytes < HIGH_WATER_BYTES) return DONE
    this.#waiting ??= Promise.withResolvers<void>()
    return this.#waiting.promise
  }

  /** The file at hand is complete, after the write that is in flight. */
  cut() {
    if (this.#writing) this.#cutSoon = true
    else this.#finishFile()
  }

  /** Resolves when everything appended is on disk, or the disk has failed. */
  flushed(): Promise<void> {
    return this.#writing ? new Promise((resolve) => this.#idle.push(resolve)) : DONE
  }

  /** After a failure: what was appended since is dropped, and writing is tried again. */
  reopen() {
    if (!this.#failed) return
    this.#failed = false
    this.#nextSeq = this.#durable + 1
  }

  /** Writes what is left and answers the last seq on disk. */
  async close(): Promise<number> {
    await this.flushed()
    this.#finishFile()
    return this.#durable
  }

  /** Closes the file at hand and reports it. Its bytes reach the disk itself in their own time: only a power cut outruns them. */
  #finishFile() {
    this.#cutSoon = false
    const file = this.#file
    if (!file) return
    this.#file = undefined
    const last = this.#durable
    fdatasync(file.fd, () => close(file.fd, () => undefined))
    if (last >= file.first) this.#options.onFile(file.first, last, file.bytes)
  }

  #write() {
    const batch = this.#takeBatch()
    const first = batch.records[0]
    if (!first) {
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    this.#writing = true
    try {
      this.#file ??= { fd: openSync(spoolFile(this.#options.dir, first.seq), 'a', 0o600), first: first.seq, bytes: 0 }
      this.#writeAll(this.#file, batch, 0)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #takeBatch(): Batch {
    const batch: Batch = { records: [], pieces: [], bytes: 0 }
    let count = 0
    for (const { head, body, bodyBytes } of this.#queue) {
      if (batch.bytes >= BATCH_BYTES || batch.pieces.length + body.length > BATCH_PIECES) break
      const start = encodeRecordStart(head, bodyBytes)
      batch.pieces.push(start, ...body)
      batch.records.push({ seq: head.seq, bytes: start.length + bodyBytes })
      batch.bytes += start.length + bodyBytes
      this.#queuedBytes -= bodyBytes + OVERHEAD_BYTES * Math.max(1, body.length)
      count++
    }
    this.#queue.splice(0, count)
    return batch
  }

  /** `done` bytes of the batch are written already: a disk may take less than it is given. */
  #writeAll(file: File, batch: Batch, done: number) {
    let skip = done
    const pieces = batch.pieces.flatMap((piece) => {
      const from = Math.min(skip, piece.length)
      skip -= from
      return from < piece.length ? [piece.subarray(from)] : []
    })
    this.#writev(file.fd, done === 0 ? batch.pieces : pieces, null, (error, written) => {
      const now = done + (error ? 0 : written)
      if (!error && now < batch.bytes) return this.#writeAll(file, batch, now)
      this.#settle(file, batch.records, now)
      this.#writing = false
      if (error) {
        this.#cut(file)
        return this.#fail(error)
      }
      this.#release()
      if (file.bytes >= (this.#options.fileBytes ?? FILE_BYTES) || this.#cutSoon) this.#finishFile()
      this.#write()
    })
  }

  /** Counts the records that are wholly among the first `written` bytes. */
  #settle(file: File, records: readonly Written[], written: number) {
    let left = written
    let last: number | undefined
    for (const { seq, bytes } of records) {
      if (bytes > left) break
      left -= bytes
      file.bytes += bytes
      last = seq
    }
    if (last === undefined) return
    this.#durable = last
    this.#options.onWritten(records[0]?.seq ?? last, last)
  }

  /** Removes a record that is written in part. Making a file shorter works on a full disk. */
  #cut(file: File) {
    try {
      ftruncateSync(file.fd, file.bytes)
    } catch (cause) {
      this.#options.onFailed(new Error('the spool could not be cut after its last whole record', { cause }))
    }
  }

  #fail(error: Error) {
    this.#failed = true
    this.#writing = false
    this.#queue = []
    this.#queuedBytes = 0
    this.#release()
    for (const resolve of this.#idle.splice(0)) resolve()
    this.#options.onFailed(error)
  }

  #release() {
    if (!this.#waiting || this.#queuedBytes >= HIGH_WATER_BYTES / 2) return
    this.#waiting.resolve()
    this.#waiting = undefined
  }
}
