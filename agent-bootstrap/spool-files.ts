import { mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { CorruptRecord, decodeRecords, recordLength } from '../core/contract/records.ts'

/** A spool file is named by the seq of its first record. */
export const spoolFile = (dir: string, first: number) => join(dir, String(first).padStart(12, '0'))

export type SpoolEnd = { nextSeq: number; file: { first: number; bytes: number } | undefined }

/** Length of all whole records. What no writer of ours wrote counts as torn. */
const wholeLength = (data: Uint8Array): number => {
  let at = 0
  try {
    for (let length = recordLength(data, at); length !== undefined; length = recordLength(data, at)) at += length
  } catch (error) {
    if (!(error instanceof CorruptRecord)) throw error
  }
  return at
}

/** Where a spool ends, after cutting what an earlier runner did not finish writing. A new directory ends at seq 1. */
export const recoverSpool = (dir: string): SpoolEnd => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const name = readdirSync(dir)
    .filter((entry) => /^\d{12}$/.test(entry))
    .sort()
    .at(-1)
  if (name === undefined) return { nextSeq: 1, file: undefined }
  const path = join(dir, name)
  const data = readFileSync(path)
  const bytes = wholeLength(data)
  if (bytes < data.length) truncateSync(path, bytes)
  const last = decodeRecords(data.subarray(0, bytes)).events.at(-1)
  const first = Number(name)
  return { nextSeq: last ? last.head.seq + 1 : first, file: { first, bytes } }
}
