import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { readJson } from '../adapters/read-json.ts'
import { removeTree } from '../adapters/remove-tree.ts'
import { SNAPSHOTS } from '../adapters/workspace-snapshots.ts'
import { entriesOf } from './entries-of.ts'
import { RETENTION } from './retention.ts'
import { sessionsSince } from './sessions-since.ts'

/** Of a checkout's note, what it borrows objects from. */
const Note = z.object({ cache: z.string() })

/** Kept results of `[setup]` that nobody used for long, and halves of ones. */
export const pruneSetups = async (dir: string, now: number): Promise<number> => {
  let pruned = 0
  for (const repository of await entriesOf(dir)) {
    for (const { name, path, changedAt } of await entriesOf(repository.path)) {
      const age = /^[0-9a-f]{64}$/.test(name) ? RETENTION.cacheMs : RETENTION.draftMs
      if (changedAt >= now - age) continue
      await removeTree(path)
      pruned += 1
    }
  }
  return pruned
}

/** Caches that a checkout in a workspace or of a session still borrows objects from. */
const borrowed = async (places: readonly string[]): Promise<Set<string>> => {
  const caches = new Set<string>()
  for (const place of places) {
    for (const { path } of await entriesOf(place)) {
      const note = await readJson(join(path, 'git', 'remote.json'), (value) => Note.parse(value))
      if (note) caches.add(note.cache)
    }
  }
  return caches
}

type Places = { repositories: string; workspaces: string; sessions: string }

/**
 * Repository caches that no session used for long and no checkout borrows from; the next dispatch makes a new one. A note that cannot be
 * read stops it: better too much than a workspace without its history.
 */
export const pruneRepositories = async (
  { repositories, workspaces, sessions: dir }: Places,
  sessions: Pick<SessionStore, 'list'>,
  now: number,
): Promise<number> => {
  const old = (await entriesOf(repositories)).filter(({ changedAt }) => changedAt < now - RETENTION.draftMs)
  const whole = old.filter(({ name, changedAt }) => /^[0-9a-f]{64}\.git$/.test(name) && changedAt < now - RETENTION.cacheMs)
  const halves = old.filter(({ name }) => /\.(new|gone)$/.test(name))
  for (const { path } of halves) await rm(path, { recursive: true, force: true })
  if (whole.length === 0) return halves.length
  const needed = await borrowed([workspaces, join(workspaces, SNAPSHOTS), dir])
  const live = new Set((await sessionsSince(sessions, now)).map(({ request }) => `${request.repository?.id}.git`))
  const gone = whole.filter(({ name, path }) => !needed.has(path) && !live.has(name))
  for (const { path } of gone) {
    // At once: a session that comes now finds none, and makes its own.
    const aside = `${path}.${randomBytes(6).toString('hex')}.gone`
    await rename(path, aside)
    await rm(aside, { recursive: true, force: true })
  }
  return gone.length + halves.length
}
