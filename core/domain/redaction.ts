import { openPatternScan, type PatternScan } from './pattern-scan.ts'
import { type Hidden, patternsOf } from './secret-patterns.ts'

/** So many first bytes of a secret may be seen, when they stand alone for longer than HOLD_MS. */
const SHOWN_BYTES = 3
/** How long the caller of a stream may hold back a tail that is `releasable`. */
export const HOLD_MS = 50

const NOTHING = new Uint8Array(0)

/**
 * Hides secrets in a stream of bytes. Every occurrence of every spelling (secret-patterns.ts) is covered; occurrences that overlap
 * are covered by one marker, the first one's. How the stream is cut into chunks changes nothing.
 */
export interface Redactor {
  /** What can be shown now. May be a view of `bytes`, or `bytes` itself. */
  push(bytes: Uint8Array): Uint8Array
  /** Bytes held back because they could be the beginning of a secret. */
  readonly held: number
  /** What is held is so short that it must not be held for longer than HOLD_MS: then call `release`. */
  readonly releasable: boolean
  /** Shows a `releasable` tail. Should it prove to begin a secret, the rest of that is still hidden. */
  release(): Uint8Array
  /** The stream ended here: all that is held. The redactor is as new afterwards. */
  flush(): Uint8Array
}

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  if (parts.length < 2) return parts[0] ?? NOTHING
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

class ScanningRedactor implements Redactor {
  readonly #scan: PatternScan
  /** Bytes from the first undecided one on. Of them, `#done` are shown or covered already, the first `#covered` by a marker. */
  #tail = NOTHING
  #done = 0
  #covered = 0

  constructor(scan: PatternScan) {
    this.#scan = scan
  }

  get held() {
    return this.#tail.length - this.#done
  }

  get releasable() {
    return this.held > 0 && this.#tail.length <= SHOWN_BYTES
  }

  push(bytes: Uint8Array) {
    const data = this.#tail.length === 0 ? bytes : join([this.#tail, bytes])
    return this.#decide(data, this.#scan.unfinished(data))
  }

  release() {
    if (!this.releasable) return NOTHING
    const shown = this.#tail.subarray(this.#done)
    this.#done = this.#tail.length
    return shown
  }

  flush() {
    return this.whole(this.#tail)
  }

  /** Of a fresh redactor: all of `data`, as if the stream were nothing else. */
  whole(data: Uint8Array) {
    return this.#decide(data, data.length)
  }

  /** Shows or covers everything that starts before `undecided`, and keeps the rest. */
  #decide(data: Uint8Array, undecided: number) {
    const parts: Uint8Array[] = []
    let covered = this.#covered
    let done = this.#done
    for (let found = this.#scan.next(data, 0, undecided); found; found = this.#scan.next(data, found.at + 1, undecided)) {
      const { at, pattern } = found
      if (at >= covered) {
        if (at > done) parts.push(data.subarray(done, at))
        parts.push(pattern.marker)
      }
      covered = Math.max(covered, at + pattern.bytes.length)
      done = Math.max(done, covered)
    }
    if (done < undecided) {
      parts.push(data.subarray(done, undecided))
      done = undecided
    }
    // A copy: the caller may reuse its buffer, and a short tail must not keep a large one alive.
    this.#tail = data.slice(undecided)
    this.#done = done - undecided
    this.#covered = Math.max(0, covered - undecided)
    return join(parts)
  }
}

const OPEN: Redactor = { push: (bytes) => bytes, held: 0, releasable: false, release: () => NOTHING, flush: () => NOTHING }

/** One preparation for many streams and texts. */
export type Redaction = { open(): Redactor; text(text: string): string }

export const prepareRedaction = (secrets: readonly Hidden[]): Redaction => {
  const patterns = patternsOf(secrets)
  if (patterns.length === 0) return { open: () => OPEN, text: (text) => text }
  const scan = openPatternScan(patterns)
  const encoder = new TextEncoder()
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const text = (text: string) => {
    const bytes = encoder.encode(text)
    const shown = new ScanningRedactor(scan).whole(bytes)
    // Still the same bytes: nothing was found, and not even a lone surrogate is changed.
    return shown.buffer === bytes.buffer && shown.length === bytes.length ? text : decoder.decode(shown)
  }
  return { open: () => new ScanningRedactor(scan), text }
}

export const createRedactor = (secrets: readonly Hidden[]): Redactor => prepareRedaction(secrets).open()

/** `text` with every spelling of every secret replaced. For many texts, `prepareRedaction` once. */
export const redactText = (secrets: readonly Hidden[], text: string): string => prepareRedaction(secrets).text(text)

/** A redaction that learns of further secrets: whatever is opened or shown after that hides them too. */
export const openRedaction = (secrets: readonly Hidden[]): Redaction & { hide(more: readonly Hidden[]): void } => {
  let all = secrets
  let now = prepareRedaction(all)
  return {
    open: () => now.open(),
    text: (text) => now.text(text),
    hide: (more) => {
      all = [...all, ...more]
      now = prepareRedaction(all)
    },
  }
}
