import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_PART_BYTES, RECORD_PREFIX } from '../../core/contract/records.ts'
import { isMissing } from './read-json.ts'

/** Named by the seq of its first record. */
export const isSpoolFile = (name: string): boolean => /^\d{12}$/.test(name)
const CHUNK_BYTES = 256 * 1024

export const spoolFileName = (first: number): string => String(first).padStart(12, '0')

/** First seqs of an attempt's spool files, in order. */
export const spoolFiles = async (dir: string): Promise<number[]> => {
  try {
    return (await readdir(dir))
      .filter(isSpoolFile)
      .map(Number)
      .sort((a, b) => a - b)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** A place in one spool file: `next` is the seq of the record that starts at `offset`. */
export type Place = { offset: number; next: number }

/**
 * Walks whole records from `from` on without reading their content, and answers the place after the last one wanted: before the
 * first record with a seq ≥ `until`, or where the last whole record ends. A length no writer of ours wrote ends the walk.
 */
export const walkRecords = async (file: FileHandle, from: Place, until = Number.POSITIVE_INFINITY): Promise<Place> => {
  const size = (await file.stat()).size
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(RECORD_PREFIX, size - from.offset)))
  let { offset, next } = from
  let start = offset
  let filled = 0
  while (next < until && offset + RECORD_PREFIX <= size) {
    if (offset < start || offset + RECORD_PREFIX > start + filled) {
      start = offset
      filled = (await file.read(chunk, 0, chunk.length, start)).bytesRead
      if (filled < RECORD_PREFIX) break
    }
    const head = chunk.readUInt32BE(offset - start)
    const body = chunk.readUInt32BE(offset - start + 4)
    const end = offset + RECORD_PREFIX + head + body
    if (head === 0 || head > MAX_PART_BYTES || body > MAX_PART_BYTES || end > size) break
    offset = end
    next += 1
  }
  return { offset, next }
}

/** Opens the spool file that starts with seq `first`; undefined when it is not there. */
export const openSpoolFile = async (dir: string, first: number, flags: 'r' | 'r+' = 'r'): Promise<FileHandle | undefined> => {
  try {
    return await open(join(dir, spoolFileName(first)), flags)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The file that holds `seq`, or would: the last one that starts at or before it. */
export const fileWith = (files: readonly number[], seq: number): number | undefined => files.findLast((first) => first <= seq)
