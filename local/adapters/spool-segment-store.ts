import { existsSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as z from 'zod'
import type { AttemptLog } from '../../core/contract/log.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { SegmentStore } from '../../core/ports/segment-store.ts'
import { readJson } from './read-json.ts'
import { fileWith, openSpoolFile, type Place, spoolFileName, spoolFiles, walkRecords } from './spool-index.ts'
import { writeAtomically } from './write-atomically.ts'

const Sealed = z.object({ last: z.int().min(0), lost: z.string().optional() })
export type Sealed = z.infer<typeof Sealed>

export const attemptDir = (sessions: string, session: string, attempt: number): string =>
  join(sessions, session, 'log', String(attempt))
/** Undefined while more can come. */
const readSealed = (dir: string): Promise<Sealed | undefined> =>
  readJson(join(dir, 'sealed.json'), (value) => Sealed.parse(value))

/** The same, at once: for the live path, where it is asked between two frames. */
export const sealedNow = (dir: string): Sealed | undefined => {
  const file = join(dir, 'sealed.json')
  return existsSync(file) ? Sealed.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

/** Where the last whole record of a spool file ends. Remembers open files, so that a growing one is not walked again and again. */
const measuring = () => {
  const known = new Map<string, Place>()
  return async (dir: string, first: number): Promise<Place> => {
    const key = `${dir}/${first}`
    const from = known.get(key) ?? { offset: 0, next: first }
    const file = await openSpoolFile(dir, first)
    if (!file) return { offset: 0, next: first }
    try {
      const shrunk = (await file.stat()).size < from.offset
      const place = await walkRecords(file, shrunk ? { offset: 0, next: first } : from)
      known.delete(key)
      known.set(key, place)
      for (const [oldest] of known) if (known.size > 1000) known.delete(oldest)
      return place
    } finally {
      await file.close()
    }
  }
}

/** The runner's spool, read where it lies: it is the history, and nothing is uploaded. */
export const openSpoolSegmentStore = (sessions: string): SegmentStore => {
  const measure = measuring()
  const end = async (dir: string, files: readonly number[]): Promise<Place> => measure(dir, files.at(-1) ?? 1)

  const log = async (session: string, attempt: number): Promise<AttemptLog> => {
    const dir = attemptDir(sessions, session, attempt)
    const sealed = await readSealed(dir)
    const files = await spoolFiles(dir)
    const open = await end(dir, files)
    const segments: AttemptLog['segments'] = []
    for (const [index, first] of files.entries()) {
      const following = files[index + 1]
      const last = (following ?? open.next) - 1
      const bytes = following === undefined ? open.offset : (await stat(join(dir, spoolFileName(first)))).size
      if (last >= first) segments.push({ url: `/v1/sessions/${session}/log/${attempt}/${first}`, first, last, bytes })
    }
    // Of a file that somebody shortened there was more.
    const last = Math.max(open.next - 1, sealed?.last ?? 0)
    return { attempt, segments, last, sealed: sealed !== undefined, ...(sealed?.lost === undefined ? {} : { lost: sealed.lost }) }
  }

  return {
    log,
    seal: async (session, attempt, seal) => {
      if (!seal.final) return
      const dir = attemptDir(sessions, session, attempt)
      if (!(await readSealed(dir))) await writeAtomically(join(dir, 'sealed.json'), JSON.stringify({ last: seal.last }))
    },
    sealWhereDurable: async (session, attempt, why) => {
      const dir = attemptDir(sessions, session, attempt)
      const sealed = await readSealed(dir)
      if (sealed) return sealed.last
      const files = await spoolFiles(dir)
      const place = await end(dir, files)
      const file = await openSpoolFile(dir, files.at(-1) ?? 1, 'r+')
      try {
        await file?.truncate(place.offset)
        await file?.sync()
      } finally {
        await file?.close()
      }
      const last = place.next - 1
      await writeAtomically(join(dir, 'sealed.json'), JSON.stringify({ last, lost: why }))
      return last
    },
    read: async (session, attempt, first) => {
      const dir = attemptDir(sessions, session, attempt)
      const start = fileWith(await spoolFiles(dir), first)
      const file = start === undefined ? undefined : await openSpoolFile(dir, start)
      if (start === undefined || !file) {
        throw new RemoteError('not_found', `attempt ${attempt} of ${session} has no event ${first}`, {
          hint: `see what there is: GET /v1/sessions/${session}/log`,
        })
      }
      const from = await walkRecords(file, { offset: 0, next: start }, first)
      const { offset } = await measure(dir, start)
      if (offset <= from.offset) {
        await file.close()
        return Readable.toWeb(Readable.from([])) as ReadableStream<Uint8Array>
      }
      return Readable.toWeb(file.createReadStream({ start: from.offset, end: offset - 1 })) as ReadableStream<Uint8Array>
    },
  }
}
