import type { Io } from '../io.ts'
import { shownSize } from '../values/size.ts'
import { styleOf } from './style.ts'

/** Shorter waits need no words. */
const FIRST_MS = 1000
const EVERY_MS = 100
const EVERY_PLAIN_MS = 5000

export type Progress = { show(what: string, bytes: number, total: number): void; end(): void }

/** Bytes and percent of what takes longer than a second: one line on a terminal, now and then a line elsewhere. */
export const openProgress = ({ stderr, env }: Io, quiet: boolean): Progress => {
  if (quiet) return { show: () => undefined, end: () => undefined }
  const isTerminal = stderr.isTTY === true
  const { dim } = styleOf(stderr, env)
  const started = performance.now()
  let shownAt = started + FIRST_MS - (isTerminal ? EVERY_MS : EVERY_PLAIN_MS)
  let drawn = false
  return {
    show: (what, bytes, total) => {
      const now = performance.now()
      if (now - shownAt < (isTerminal ? EVERY_MS : EVERY_PLAIN_MS)) return
      shownAt = now
      const text = `${what}: ${shownSize(bytes)} of ${shownSize(total)}, ${Math.floor((100 * bytes) / Math.max(1, total))} %`
      stderr.write(isTerminal ? `\r\u001b[K${dim(text)}` : `${text}\n`)
      drawn = isTerminal
    },
    end: () => {
      if (drawn) stderr.write('\r\u001b[K')
      drawn = false
    },
  }
}
