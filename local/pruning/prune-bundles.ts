import { rm } from 'node:fs/promises'
import type { BundleStore } from '../../core/ports/bundle-store.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import type { Database } from '../adapters/database.ts'
import { entriesOf } from './entries-of.ts'
import { RETENTION } from './retention.ts'
import { sessionsSince } from './sessions-since.ts'

type Needs = { db: Database; dir: string; bundles: BundleStore; sessions: Pick<SessionStore, 'list' | 'get'> }

/** Halves of bundles whose sender or receiver was killed. `before`: last written earlier than this. */
export const pruneBundleDrafts = async (dir: string, before: number): Promise<void> => {
  for (const { name, path, changedAt } of await entriesOf(dir))
    if (name.endsWith('.new') && changedAt < before) await rm(path, { force: true })
}

/** All that a session that lives, or that can be pulled or resumed, and the next dispatch of a repository need. */
const needed = async ({ db, bundles, sessions }: Needs, now: number): Promise<Set<string>> => {
  const keep = new Set<string>()
  const keepCommit = async (repository: string, commit: string) => {
    for (const { sha256 } of (await bundles.chain(repository, commit)) ?? []) keep.add(sha256)
  }
  for (const session of await sessionsSince(sessions, now - RETENTION.resultMs)) {
    const { repository, resumes } = session.request
    const before = resumes === undefined ? undefined : await sessions.get(resumes)
    for (const result of [session.result, before?.result]) {
      if (result?.bundle !== undefined) keep.add(result.bundle)
      if (repository && result) await keepCommit(repository.id, result.commit)
    }
    if (repository) await keepCommit(repository.id, repository.commit)
  }
  for (const row of db.all('SELECT DISTINCT repository FROM tips')) {
    const repository = String(row['repository'])
    for (const tip of await bundles.tips(repository, RETENTION.tips)) await keepCommit(repository, tip)
  }
  return keep
}

/** Removes bundles that were sent long ago and that nothing needs any more. Answers how many. */
export const pruneBundles = async (needs: Needs, now: number): Promise<number> => {
  await pruneBundleDrafts(needs.dir, now - RETENTION.draftMs)
  const old = (await entriesOf(needs.dir)).filter(({ changedAt }) => changedAt < now - RETENTION.resultMs)
  if (old.length === 0) return 0
  const keep = await needed(needs, now)
  const gone = old.filter(({ name }) => /^[0-9a-f]{64}$/.test(name) && !keep.has(name))
  for (const { name, path } of gone) {
    // The record first: nobody is told any more that it is here.
    needs.db.transaction(() => {
      needs.db.run('DELETE FROM tips WHERE sha256 = ?', name)
      needs.db.run('DELETE FROM bundles WHERE sha256 = ?', name)
    })
    await rm(path, { force: true })
  }
  return gone.length
}
