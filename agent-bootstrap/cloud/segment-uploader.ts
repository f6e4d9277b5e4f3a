import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Seal } from '../../core/contract/runner.ts'
import { openBackoff } from '../backoff.ts'
import { CallRefused, type ControlPlane, Fenced } from '../control-plane-client.ts'
import { around } from '../failpoints.ts'
import { spoolFile } from '../spool-files.ts'
import type { GrantStorage } from './grant-storage.ts'
import type { SpoolFile } from './unsealed-files.ts'

/** What waits together goes as one object, up to this: while the network is slow there are not more and more of them. */
const SEGMENT_BYTES = 8 * 1024 * 1024
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000
/** How long a finished runner tries to bring the rest of its log away. The control plane's own guards may end it before. */
const FINAL_DEADLINE_MS = 15 * 60_000
const SEAL_DEADLINE_MS = 60_000
/** The session's own work is on the same cores. */
const compress = (bytes: Uint8Array) => promisify(gzip)(bytes, { level: 1 })

export type SegmentUploaderOptions = {
  dir: string
  attempt: number
  storage: Pick<GrantStorage, 'put'>
  plane: Pick<ControlPlane, 'seal'>
  /** What lies before is sealed. */
  nextSeq: number
  onSealed(last: number): void
  onFenced(): void
  /** The first failure of a row of them. */
  onTrouble(why: string): void
}

/**
 * Uploads each complete file of the spool as a segment and then reports it, strictly in order. The spool does not wait for any of it;
 * what cannot be uploaded now stays there and is tried again.
 */
export const openSegmentUploader = (options: SegmentUploaderOptions) => {
  const { dir, attempt, storage, plane, onSealed, onFenced, onTrouble } = options
  const waiting: SpoolFile[] = []
  let sealed = options.nextSeq - 1
  let latest: Seal | undefined
  let finalSeq: number | undefined
  let isOver = false
  let giveUpAt = Number.POSITIVE_INFINITY
  let working: Promise<void> | undefined
  let wake: (() => void) | undefined

  const pauseFor = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, Math.min(ms, giveUpAt - performance.now())))
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const nextFiles = (): SpoolFile[] => {
    let bytes = 0
    const end = waiting.findIndex((file, n) => {
      bytes += file.bytes
      return n > 0 && bytes > SEGMENT_BYTES
    })
    return waiting.slice(0, end === -1 ? undefined : end)
  }

  const upload = async (files: readonly SpoolFile[], first: number, last: number) => {
    const parts = await Promise.all(
      files.map(async (file) => (await readFile(spoolFile(dir, file.first))).subarray(0, file.bytes)),
    )
    const object = await compress(Buffer.concat(parts))
    const sha256 = createHash('sha256').update(object).digest('hex')
    const key = `log/${attempt}/${String(first).padStart(12, '0')}`
    await around('put segment', () => storage.put(key, { bytes: object }, sha256))
    const seal = { first, last, sha256, bytes: object.length }
    latest = { ...seal, final: last === finalSeq }
    await plane.seal(latest, SEAL_DEADLINE_MS)
    waiting.splice(0, files.length)
    sealed = last
    onSealed(last)
  }

  const work = async () => {
    const backoff = openBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
    let isTroubled = false
    while (waiting.length > 0 && !isOver) {
      const files = nextFiles()
      const [first, last] = [files[0]?.first ?? 1, files.at(-1)?.last ?? 0]
      try {
        await upload(files, first, last)
        backoff.reset()
        isTroubled = false
      } catch (error) {
        if (error instanceof Fenced) {
          isOver = true
          return onFenced()
        }
        if (!isTroubled) onTrouble(error instanceof Error ? error.message : String(error))
        isTroubled = true
        isOver = error instanceof CallRefused
        if (isOver || performance.now() >= giveUpAt) return
        await pauseFor(backoff.next())
      }
    }
  }
  const begin = () => {
    working ??= work().finally(() => {
      working = undefined
      if (waiting.length > 0 && !isOver && performance.now() < giveUpAt) begin()
    })
  }

  const file = (first: number, last: number, bytes: number) => {
    waiting.push({ first, last, bytes })
    begin()
  }
  return {
    file,
    /** Seq of the last event that is in the record. */
    sealed: () => sealed,
    /** Resolves when everything up to `lastSeq` is in the record and the log is closed, or when that cannot be had. */
    final: async (lastSeq: number, deadlineMs = FINAL_DEADLINE_MS): Promise<void> => {
      finalSeq = lastSeq
      giveUpAt = performance.now() + deadlineMs
      wake?.()
      while (working) await working
      if (isOver || waiting.length > 0 || latest?.final) return
      // All of it was sealed before it was known to be all.
      const seal = latest ?? { first: lastSeq + 1, last: lastSeq }
      await plane.seal({ ...seal, final: true }, deadlineMs).catch((error: unknown) => {
        if (!(error instanceof Fenced || error instanceof CallRefused)) onTrouble(String(error))
      })
    },
  }
}
