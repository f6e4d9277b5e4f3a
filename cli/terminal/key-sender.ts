import type { FromViewer, Size, Typed } from '../../core/contract/frames.ts'
import { MOST_KEYS_BYTES } from '../../core/contract/most-keys-bytes.ts'

export type KeySender = {
  type(bytes: Uint8Array): void
  resize(columns: number, rows: number): void
  /** There is a connection that takes frames, or none. */
  connected(send: ((frame: FromViewer) => void) | undefined): void
  typed(typed: Typed): void
  /** Bytes that have not been typed over there. */
  pending(): number
  close(): void
}

/** Sent and not acknowledged: no more than this at a time. */
const MOST_IN_FLIGHT = 4 * MOST_KEYS_BYTES
/** So long without a word of what was sent: it is sent again. */
const QUIET_MS = 1000
const LONGEST_QUIET_MS = 8000
/** On this machine frames cost nothing, and are lost only while the runner's own connection is not there. */
const NEAR_QUIET_MS = 100
/** From afar every frame is paid for: while one is under way, keys wait so long for others. */
const TOGETHER_MS = 50

/**
 * Sends what is typed as one stream that is numbered by its bytes, and keeps each until the machine says that it has typed it: what gets
 * lost on the way, or with a connection, goes again. The size of the terminal likewise, the newest only.
 */
export const openKeySender = (stream: string, { isNear }: { isNear: boolean }): KeySender => {
  let send: ((frame: FromViewer) => void) | undefined
  /** What is not acknowledged; `acknowledged` bytes of the stream come before it. */
  let kept = Buffer.alloc(0)
  let acknowledged = 0
  let sent = 0
  let size: Size | undefined
  let isSizeTaken = true
  const firstQuiet = isNear ? NEAR_QUIET_MS : QUIET_MS
  const longestQuiet = isNear ? QUIET_MS : LONGEST_QUIET_MS
  let quiet = firstQuiet
  let again: NodeJS.Timeout | undefined
  let soon: NodeJS.Timeout | undefined

  /** From afar frames overtake each other, and what is typed must find the size that it was typed at. */
  const mustWait = () => !isNear && !isSizeTaken
  const isOwed = () => sent > acknowledged || !isSizeTaken

  const watch = () => {
    clearTimeout(again)
    again = undefined
    if (!send || !isOwed()) return
    again = setTimeout(() => {
      quiet = Math.min(longestQuiet, quiet * 2)
      sendAgain()
    }, quiet)
  }

  const flush = () => {
    clearTimeout(soon)
    soon = undefined
    if (!send) return
    if (mustWait()) return watch()
    while (sent < acknowledged + kept.length && sent - acknowledged < MOST_IN_FLIGHT) {
      const bytes = kept.subarray(sent - acknowledged).subarray(0, MOST_KEYS_BYTES)
      send({ type: 'keys', stream, from: sent, bytes: bytes.toString('base64') })
      sent += bytes.length
    }
    watch()
  }

  const sendAgain = () => {
    sent = acknowledged
    if (size && !isSizeTaken) send?.(size)
    flush()
  }

  return {
    type: (bytes) => {
      kept = Buffer.concat([kept, bytes])
      if (isNear || sent === acknowledged || kept.length >= MOST_KEYS_BYTES) flush()
      else soon ??= setTimeout(flush, TOGETHER_MS)
    },
    resize: (columns, rows) => {
      size = { type: 'size', stream, n: (size?.n ?? 0) + 1, columns, rows }
      isSizeTaken = false
      send?.(size)
      watch()
    },
    connected: (opened) => {
      send = opened
      quiet = firstQuiet
      if (send) sendAgain()
      else {
        clearTimeout(again)
        clearTimeout(soon)
        soon = undefined
      }
    },
    typed: (typed) => {
      if (typed.stream !== stream) return
      const waited = mustWait()
      if (size && typed.size >= size.n) isSizeTaken = true
      // An acknowledgement may be overtaken by a later one; and nobody can have typed what was not sent.
      const fresh = typed.offset - acknowledged
      if (fresh > 0 && fresh <= kept.length) {
        kept = kept.subarray(fresh)
        acknowledged = typed.offset
        sent = Math.max(sent, acknowledged)
        quiet = firstQuiet
        flush()
      } else if (waited && !mustWait()) flush()
      else if (!isOwed()) watch()
    },
    pending: () => kept.length,
    close: () => {
      send = undefined
      clearTimeout(again)
      clearTimeout(soon)
    },
  }
}
