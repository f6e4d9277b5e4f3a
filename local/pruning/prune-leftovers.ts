import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from '../adapters/remove-tree.ts'
import { type Entry, entriesOf } from './entries-of.ts'
import { RETENTION } from './retention.ts'

const removeAll = async (entries: readonly Entry[]): Promise<number> => {
  for (const { path } of entries) await removeTree(path)
  return entries.length
}

/** Half packs of a git that was killed: `index-pack` and `repack` begin under these names, and nobody looks at them again. */
const HALF_PACK = /^(tmp_|\.tmp-)/

/** What programs that were killed left in the repository caches. */
export const pruneHalfPacks = async (repositories: string, now: number): Promise<number> => {
  let pruned = 0
  for (const { path } of await entriesOf(repositories)) {
    const packs = await entriesOf(join(path, 'objects', 'pack'))
    pruned += await removeAll(packs.filter(({ name, changedAt }) => HALF_PACK.test(name) && changedAt < now - RETENTION.draftMs))
  }
  return pruned
}

/** Agents that were being installed (400 MB each) when their runner was killed. */
export const pruneInstalls = async (agents: string, now: number): Promise<number> =>
  removeAll(
    (await entriesOf(agents)).filter(
      ({ name, changedAt }) => name.startsWith('.installing-') && changedAt < now - RETENTION.draftMs,
    ),
  )

/** Clones of `--repo URL` that no dispatch used for long, and halves of ones. */
export const pruneClones = async (clones: string, now: number): Promise<number> => {
  let pruned = 0
  for (const place of await entriesOf(clones)) {
    if (place.changedAt < now - RETENTION.cacheMs) {
      // At once: a dispatch that comes now finds none, and makes its own.
      const aside = place.name.endsWith('.gone') ? place.path : `${place.path}.${randomBytes(6).toString('hex')}.gone`
      if (aside !== place.path) await rename(place.path, aside)
      pruned += await removeAll([{ ...place, path: aside }])
      continue
    }
    const halves = (await entriesOf(place.path)).filter(({ name }) => name.startsWith('.fresh-'))
    pruned += await removeAll(halves.filter(({ changedAt }) => changedAt < now - RETENTION.draftMs))
  }
  return pruned
}
