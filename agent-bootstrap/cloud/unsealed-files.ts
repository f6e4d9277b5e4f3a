import { readdirSync, statSync } from 'node:fs'
import { spoolFile } from '../spool-files.ts'

export type SpoolFile = { first: number; last: number; bytes: number }

/** Complete files of a spool that an earlier runner on this machine left: those that begin at `nextSeq` or later. `end` is its last seq. */
export const unsealedFiles = (dir: string, nextSeq: number, end: number): SpoolFile[] => {
  const firsts = readdirSync(dir)
    .filter((name) => /^\d{12}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
  return firsts.flatMap((first, n) => {
    const last = (firsts[n + 1] ?? end + 1) - 1
    return first >= nextSeq && last >= first ? [{ first, last, bytes: statSync(spoolFile(dir, first)).size }] : []
  })
}
