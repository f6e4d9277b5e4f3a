import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeWebStream } from 'node:stream/web'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { type BundleFacts, bundleHeaders } from '../../core/contract/repository.ts'
import type { BundleStore } from '../../core/ports/bundle-store.ts'
import type { Database } from './database.ts'
import { isMissing } from './read-json.ts'

type Bundle = { sha256: string; bytes: number; url: string }
/** `useless`: bundles that are gone, or need one that is; of those that need each other (`isCut`) that is not known. */
type Search = { found: Map<string, Bundle>; open: Set<string>; useless: Set<string>; isCut: boolean }

const hashing = () => {
  const hash = createHash('sha256')
  let bytes = 0
  const through = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return { through, digest: () => hash.digest('hex'), bytes: () => bytes }
}

/** Bundles as files named by their hash; what they hold is in SQLite. A row exists only for a file that is whole. */
export const openFileBundleStore = (db: Database, dir: string): BundleStore => {
  const fileOf = (sha256: string) => join(dir, sha256)
  const url = (sha256: string) => `/v1/bundles/${sha256}`

  const sizeOf = async (sha256: string): Promise<number | undefined> => {
    try {
      return (await stat(fileOf(sha256))).size
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  const record = (sha256: string, bytes: number, facts: BundleFacts) =>
    db.transaction(() => {
      db.run(
        'INSERT INTO bundles (sha256, repository, bytes, needs) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING',
        sha256,
        facts.repository,
        bytes,
        JSON.stringify(facts.needs),
      )
      for (const tip of facts.tips) {
        // Sent again means wanted again: it becomes the newest.
        db.run('DELETE FROM tips WHERE repository = ? AND tip = ? AND sha256 = ?', facts.repository, tip, sha256)
        db.run('INSERT INTO tips (repository, tip, sha256) VALUES (?, ?, ?)', facts.repository, tip, sha256)
      }
    })

  const holders = (repository: string, tip: string) =>
    db
      .all(
        'SELECT b.sha256, b.bytes, b.needs FROM tips t JOIN bundles b ON b.sha256 = t.sha256 WHERE t.repository = ? AND t.tip = ? ORDER BY t.n DESC',
        repository,
        tip,
      )
      .map((row) => ({
        sha256: String(row['sha256']),
        bytes: Number(row['bytes']),
        needs: JSON.parse(String(row['needs'])) as string[],
      }))

  /** Needs before what needs them. A commit being looked for already cannot help itself. */
  const collect = async (repository: string, commit: string, search: Search): Promise<boolean> => {
    const { found, open, useless } = search
    if (open.has(commit)) {
      search.isCut = true
      return false
    }
    open.add(commit)
    for (const { sha256, bytes, needs } of holders(repository, commit)) {
      if (found.has(sha256)) return open.delete(commit)
      if (useless.has(sha256)) continue
      let complete = (await sizeOf(sha256)) === bytes
      for (const need of needs) complete = complete && (await collect(repository, need, search))
      if (!complete) {
        if (!search.isCut) useless.add(sha256)
        continue
      }
      found.set(sha256, { sha256, bytes, url: url(sha256) })
      return open.delete(commit)
    }
    open.delete(commit)
    return false
  }

  /** Whoever dispatches again is not told any more that these commits are here, and sends what is missing. */
  const forgetUseless = async (repository: string, search: Search) => {
    for (const { tip } of db.all('SELECT DISTINCT tip FROM tips WHERE repository = ?', repository)) {
      search.isCut = false
      await collect(repository, String(tip), search)
    }
    for (const sha256 of search.useless) db.run('DELETE FROM tips WHERE repository = ? AND sha256 = ?', repository, sha256)
  }

  return {
    put: async (sha256, bytes, facts) => {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const draft = join(dir, `${sha256}.${randomBytes(6).toString('hex')}.new`)
      const hash = hashing()
      try {
        const source = Readable.fromWeb(bytes as NodeWebStream<Uint8Array>)
        await pipeline(source, hash.through, createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true }))
        if (hash.digest() !== sha256) {
          throw new RemoteError('bad_request', 'the bundle arrived with another SHA-256 than announced', {
            hint: 'send it again',
          })
        }
        await rename(draft, fileOf(sha256))
      } finally {
        await rm(draft, { force: true })
      }
      record(sha256, hash.bytes(), facts)
    },
    get: async (sha256) => {
      const bytes = await sizeOf(sha256)
      if (bytes === undefined) return undefined
      return { bytes, body: Readable.toWeb(createReadStream(fileOf(sha256))) as ReadableStream<Uint8Array> }
    },
    tips: async (repository, limit) =>
      db
        .all(
          'SELECT tip, MAX(n) AS newest FROM tips WHERE repository = ? GROUP BY tip ORDER BY newest DESC LIMIT ?',
          repository,
          limit,
        )
        .map((row) => String(row['tip'])),
    chain: async (repository, commit) => {
      const search: Search = { found: new Map(), open: new Set(), useless: new Set(), isCut: false }
      if (await collect(repository, commit, search)) return [...search.found.values()]
      await forgetUseless(repository, search)
      return undefined
    },
    upload: async (sha256, { facts }) => ({ url: url(sha256), headers: bundleHeaders(facts) }),
    stored: async (sha256) => {
      if ((await sizeOf(sha256)) !== undefined) return
      throw new RemoteError('bad_request', `bundle ${sha256.slice(0, 12)} has not arrived here`, {
        hint: 'send it to the url of its upload',
      })
    },
    start: async () => undefined,
    url: async () => undefined,
  }
}
