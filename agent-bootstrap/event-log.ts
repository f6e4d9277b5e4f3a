import type { EventBody } from '../core/contract/events.ts'
import { HOLD_MS, type Redaction, type Redactor } from '../core/domain/redaction.ts'
import { crossing } from './failpoints.ts'
import type { Spool } from './spool.ts'

type Text = Extract<EventBody, { text: string }>
type Stream = { redactor: Redactor; show(bytes: Uint8Array): Promise<void>; timer: NodeJS.Timeout | undefined }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const DONE = Promise.resolve()

/** Longer texts become several events. */
const PIECE_BYTES = 64 * 1024
/** As JSON at most six times as many bytes: far from the longest record that a reader takes, whatever is in it. */
const MAX_CHARACTERS = 500_000
/** What is left of the strings and lists of an event that says more. */
const SHORT_CHARACTERS = 2000
const SHORT_ITEMS = 50

/** `bytes` in pieces that end where a character does. */
const piecesOf = (bytes: Uint8Array): Uint8Array[] => {
  const pieces: Uint8Array[] = []
  let from = 0
  while (bytes.length - from > PIECE_BYTES) {
    let to = from + PIECE_BYTES
    while (to > from && ((bytes[to] ?? 0) & 0xc0) === 0x80) to--
    if (to === from) to = from + PIECE_BYTES // not UTF-8 at all
    pieces.push(bytes.subarray(from, to))
    from = to
  }
  pieces.push(bytes.subarray(from))
  return pieces
}

const charactersIn = (value: unknown): number => {
  if (typeof value === 'string') return value.length + 3
  if (typeof value !== 'object' || value === null) return 8
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + charactersIn(item), 2)
}

const shortened = (value: unknown): unknown => {
  if (typeof value === 'string')
    return value.length <= SHORT_CHARACTERS
      ? value
      : `${value.slice(0, SHORT_CHARACTERS)}… ${value.length - SHORT_CHARACTERS} more characters`
  if (Array.isArray(value)) return value.slice(0, SHORT_ITEMS).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  const some = Object.entries(value).slice(0, SHORT_ITEMS)
  return Object.fromEntries(some.map(([key, item]) => [key.slice(0, SHORT_CHARACTERS), shortened(item)]))
}

/** An agent may tell as much as it likes; a record that no reader takes would be the end of the log for everybody. */
const fitting = (body: EventBody): EventBody => {
  const characters = charactersIn(body)
  if (characters <= MAX_CHARACTERS) return body
  const short = shortened(body) as EventBody
  if (charactersIn(short) <= MAX_CHARACTERS) return short
  return { type: 'notice', level: 'warn', text: `An event (${body.type}) of ${characters} characters is not in the log.` }
}

/** Every string in a JSON value, keys too: titles, inputs, paths and diffs can all hold a secret. */
const redactValue = (redaction: Redaction, value: unknown): unknown => {
  if (typeof value === 'string') return redaction.text(value)
  if (Array.isArray(value)) return value.map((item) => redactValue(redaction, item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redaction.text(key), redactValue(redaction, item)]))
}

/** Puts events into the spool, redacted. Output and an agent's words are streams: a secret may come in several pieces. */
export const openEventLog = (spool: Pick<Spool, 'append'>, redaction: Redaction) => {
  const streams = new Map<string, Stream>()
  const append = (body: EventBody, bytes?: Uint8Array) => {
    crossing(`spool ${body.type}`)
    return spool.append(body, bytes)
  }

  const streamOf = (key: string, show: Stream['show']): Stream => {
    const known = streams.get(key)
    if (known) return known
    const stream: Stream = { redactor: redaction.open(), show, timer: undefined }
    streams.set(key, stream)
    return stream
  }

  const push = (stream: Stream, bytes: Uint8Array): Promise<void> => {
    const { redactor } = stream
    const shown = redactor.push(bytes)
    if (redactor.releasable) {
      stream.timer ??= setTimeout(() => {
        stream.timer = undefined
        if (redactor.releasable) void stream.show(redactor.release())
      }, HOLD_MS)
    } else if (stream.timer) {
      clearTimeout(stream.timer)
      stream.timer = undefined
    }
    return shown.length > 0 ? stream.show(shown) : DONE
  }

  const end = (key: string, stream: Stream) => {
    clearTimeout(stream.timer)
    streams.delete(key)
    const shown = stream.redactor.flush()
    if (shown.length > 0) void stream.show(shown)
  }

  /** Words of another kind come now: what is held of those before goes first. */
  const endTexts = (except?: string) => {
    for (const [key, stream] of streams) if (key.startsWith('text') && key !== except) end(key, stream)
  }

  /** Once redacted: half a secret could not be recognised any more. */
  const appendText = (body: Text, bytes: Uint8Array): Promise<void> => {
    let taken = DONE
    for (const piece of piecesOf(bytes)) taken = append({ ...body, text: decoder.decode(piece) })
    return taken
  }

  const pushText = (body: Text): Promise<void> => {
    const key = `text ${body.type} ${body.type === 'message' ? body.role : ''}`
    endTexts(key)
    return push(
      streamOf(key, (bytes) => appendText(body, bytes)),
      encoder.encode(body.text),
    )
  }

  return {
    emit: (body: EventBody, bytes?: Uint8Array): Promise<void> => {
      if (body.type === 'output') {
        if (!bytes || bytes.length === 0) return DONE
        return push(
          streamOf(body.stream, (shown) => append(body, shown)),
          bytes,
        )
      }
      if (body.type === 'thought' || (body.type === 'message' && body.role === 'agent')) return pushText(body)
      endTexts()
      const shown = redactValue(redaction, body) as EventBody
      return 'text' in shown && shown.text.length > PIECE_BYTES / 4
        ? appendText(shown, encoder.encode(shown.text))
        : append(fitting(shown))
    },
    /** A stream of output, or all of them and all words, end here: nothing is held back any more. */
    flush: (stream?: 'stdout' | 'stderr') => {
      for (const [key, open] of streams) if (stream === undefined || key === stream) end(key, open)
    },
  }
}
export type EventLog = ReturnType<typeof openEventLog>
