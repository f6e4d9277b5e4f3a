import type { Pattern } from './secret-patterns.ts'

/** Finds patterns in bytes, fast where there are none: it looks at two bytes and leaps over several (Wu and Manber's shifts). */
export type PatternScan = {
  /** The longest pattern that starts at the first place in `data` at or after `from` where one does, before `before`. */
  next(data: Uint8Array, from: number, before: number): { at: number; pattern: Pattern } | undefined
  /** First place from which all that is left of `data` could be the beginning of a pattern; `data.length` when there is none. */
  unfinished(data: Uint8Array): number
}

const pairAt = (data: Uint8Array, at: number) => ((data[at] as number) << 8) | (data[at + 1] as number)

/** Do the bytes at `at` agree with the pattern, as far as both go? */
const agrees = (data: Uint8Array, at: number, pattern: Uint8Array, length: number) => {
  for (let n = 2; n < length; n++) if (data[at + n] !== pattern[n]) return false
  return true
}

export const openPatternScan = (patterns: readonly Pattern[]): PatternScan => {
  const window = Math.min(255, ...patterns.map(({ bytes }) => bytes.length))
  const longest = Math.max(...patterns.map(({ bytes }) => bytes.length))
  // By the last two bytes of a window: how far the window can move without passing over the start of a pattern.
  const shifts = new Uint8Array(65_536).fill(window - 1)
  const firstBytes = new Uint8Array(256)
  // By their first two bytes: index into `buckets`, each with the longest pattern first; the one at 0 stays empty.
  const bucketOf = new Uint16Array(65_536)
  const buckets: Pattern[][] = [[]]
  for (const pattern of [...patterns].sort((a, b) => b.bytes.length - a.bytes.length)) {
    const { bytes } = pattern
    for (let n = 0; n + 1 < window; n++) {
      const pair = pairAt(bytes, n)
      shifts[pair] = Math.min(shifts[pair] as number, window - 2 - n)
    }
    firstBytes[bytes[0] as number] = 1
    const pair = pairAt(bytes, 0)
    if (bucketOf[pair] === 0) bucketOf[pair] = buckets.push([]) - 1
    buckets[bucketOf[pair] as number]?.push(pattern)
  }

  const next: PatternScan['next'] = (data, from, before) => {
    const end = Math.min(data.length, before + window - 1)
    for (let tail = from + window - 2; tail + 1 < end; ) {
      const shift = shifts[pairAt(data, tail)] as number
      if (shift > 0) {
        tail += shift
        continue
      }
      const at = tail - window + 2
      const bucket = buckets[bucketOf[pairAt(data, at)] as number]
      if (bucket)
        for (const pattern of bucket)
          if (at + pattern.bytes.length <= data.length && agrees(data, at, pattern.bytes, pattern.bytes.length))
            return { at, pattern }
      tail++
    }
    return undefined
  }

  const unfinished: PatternScan['unfinished'] = (data) => {
    const end = data.length
    for (let at = Math.max(0, end - longest + 1); at < end - 1; at++) {
      const bucket = buckets[bucketOf[pairAt(data, at)] as number]
      if (bucket) for (const { bytes } of bucket) if (bytes.length > end - at && agrees(data, at, bytes, end - at)) return at
    }
    return end > 0 && firstBytes[data[end - 1] as number] === 1 ? end - 1 : end
  }
  return { next, unfinished }
}
