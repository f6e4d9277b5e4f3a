import type { RepositorySource } from '../core/contract/dispatch.ts'
import type { Connection } from './connect.ts'
import type { Flags } from './flags.ts'
import { ship } from './git/ship.ts'
import { takeSnapshot } from './git/snapshot.ts'
import { type Io, write } from './io.ts'
import { openProgress } from './output/progress.ts'
import { placeIn } from './place-in.ts'
import { withTemporary } from './with-temporary.ts'

export type Sent = {
  source: RepositorySource
  cwdInside: string
  author: { name: string; email: string } | undefined
  repositoryDir: string
}

const isUrl = (repo: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(repo) || /^[^/\s]+@[^/\s]+:/.test(repo)

/** What --repo names on this disk; a URL is cloned into the cache first. */
const placeOf = async (io: Io, connection: Connection, repo: string | undefined, ref: string | undefined, quiet: boolean) => {
  if (repo === undefined) return { path: io.cwd, ref }
  if (!isUrl(repo)) return { path: placeIn(io, repo), ref }
  const { cloneUrl } = await import('./clone-url.ts')
  return { path: await cloneUrl({ io, url: repo, cache: connection.paths.cache, quiet }), ref: ref ?? 'HEAD' }
}

/** Snapshots the repository a dispatch is about and sends what the other side lacks. */
export const sendRepository = async (io: Io, connection: Connection, flags: Flags, quiet: boolean): Promise<Sent> => {
  const { path, ref } = await placeOf(io, connection, flags.text('repo'), flags.text('ref'), quiet)
  const progress = openProgress(io, quiet)
  const asked = new Map<string, Promise<readonly string[]>>()
  const known = (id: string) => {
    const answer = asked.get(id) ?? connection.get('/v1/repositories/:id', { param: { id } }).then(({ commits }) => commits)
    asked.set(id, answer)
    return answer
  }
  // Nothing was dispatched yet: Ctrl-C ends it all, and leaves no copy of the user's files behind.
  return withTemporary(io, async (tmpDir) => {
    const snapshot = await takeSnapshot({
      path,
      ref,
      cwd: flags.text('cwd'),
      tmpDir,
      env: { ...io.env, REMOTE_FILTERED: flags.text('filtered') ?? 'refuse' },
      // Asked while git is still at work; a failure is met again by `ship`.
      onIdentified: (id) => void known(id).catch(() => undefined),
    })
    if (!quiet) for (const warning of snapshot.warnings) await write(io.stderr, `remote: ${warning}\n`)
    await ship({
      snapshot,
      known,
      upload: (sha256, file, bytes, facts, onBytes) => connection.sendBundle({ sha256, file, bytes, facts, onBytes }),
      tmpDir,
      env: io.env,
      compress: !connection.isNear,
      onProgress: (at) => progress.show('sending the repository', at.bytes, at.totalBytes),
    })
    const { source, cwdInside, author, repositoryDir } = snapshot
    return { source, cwdInside, author, repositoryDir }
  }).finally(() => progress.end())
}
