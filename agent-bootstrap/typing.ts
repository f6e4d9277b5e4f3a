import type { Keys, Size, Typed } from '../core/contract/frames.ts'
import { MOST_KEYS_BYTES } from '../core/contract/most-keys-bytes.ts'

/** What is typed into. */
export type Keyboard = {
  /** Resolves when the terminal has taken them; never, once it is closed. */
  type(bytes: Uint8Array): Promise<void>
  resize(columns: number, rows: number): void
}

type Stream = {
  /** Queued for the terminal, and taken by it. */
  queued: number
  typed: number
  size: number
  /** What came before its turn, by offset. */
  early: Map<number, Buffer>
}

/** Of a stream: what overtook others, and what the terminal has not taken. The rest is dropped, and sent again by its viewer. */
const MOST_EARLY = 8
const MOST_QUEUED_BYTES = 8 * MOST_KEYS_BYTES
/** Viewers that typed longest ago are forgotten. */
const MOST_STREAMS = 1000

/**
 * Types what viewers send, each byte of each stream once and in its order, however frames are lost, doubled or overtaken on their way;
 * `answer` is told how far each stream is. Before `open` it is kept for the terminal that comes.
 */
export const openTyping = (answer: (typed: Omit<Typed, 'type' | 'attempt'>) => void) => {
  const streams = new Map<string, Stream>()
  const opened = Promise.withResolvers<Keyboard>()
  let turn: Promise<unknown> = opened.promise

  const streamOf = (name: string): Stream => {
    const stream = streams.get(name) ?? { queued: 0, typed: 0, size: 0, early: new Map() }
    streams.delete(name) // to the end: it is the newest now
    streams.set(name, stream)
    for (const [oldest] of streams) if (streams.size > MOST_STREAMS) streams.delete(oldest)
    return stream
  }

  const tell = (name: string, { typed, size }: Stream) => answer({ stream: name, offset: typed, size })

  const queue = (name: string, stream: Stream, bytes: Buffer) => {
    stream.queued += bytes.length
    const type = async () => {
      await (await opened.promise).type(bytes)
      stream.typed += bytes.length
      tell(name, stream)
    }
    turn = turn.then(type, type)
  }

  const takeKeys = ({ stream: name, from, bytes: text }: Keys) => {
    const stream = streamOf(name)
    const bytes = Buffer.from(text, 'base64')
    if (from > stream.queued) {
      if (stream.early.size < MOST_EARLY) stream.early.set(from, bytes)
      return tell(name, stream)
    }
    if (stream.queued - from >= bytes.length) return tell(name, stream) // all of it came before
    if (stream.queued - stream.typed > MOST_QUEUED_BYTES) return
    queue(name, stream, bytes.subarray(stream.queued - from))
    for (const [at, early] of [...stream.early].sort(([a], [b]) => a - b)) {
      if (at > stream.queued) break
      stream.early.delete(at)
      takeKeys({ type: 'keys', stream: name, from: at, bytes: early.toString('base64') })
    }
  }

  const takeSize = ({ stream: name, n, columns, rows }: Size) => {
    const stream = streamOf(name)
    if (n > stream.size) {
      stream.size = n
      void opened.promise.then((keyboard) => keyboard.resize(columns, rows))
    }
    tell(name, stream)
  }

  return {
    take: (frame: Keys | Size) => (frame.type === 'keys' ? takeKeys(frame) : takeSize(frame)),
    open: (keyboard: Keyboard) => opened.resolve(keyboard),
  }
}
export type Typing = ReturnType<typeof openTyping>
