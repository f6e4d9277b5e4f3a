import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { locateRepository, type Repository } from './locate-repository.ts'
import { isPartialClone, noSuchCommit, readCommit } from './repository-history.ts'
import { type BytePath, type IndexEntry, onDisk, pathBytes, pathForPeople, readIndex } from './working-tree.ts'

export type Submodule = { repository: Repository; commit: string; shallow: string[]; entries: IndexEntry[] }

const isInitialised = (dir: string, path: BytePath): boolean =>
  lstatSync(onDisk(dir, `${path}/.git`), { throwIfNoEntry: false }) !== undefined

/** Submodules with files in them, and theirs. The others are empty directories here and there. */
export const readSubmodules = async (
  dir: string,
  entries: readonly IndexEntry[],
  env?: NodeJS.ProcessEnv,
): Promise<Submodule[]> => {
  const links = entries.filter((entry) => entry.mode === '160000' && isInitialised(dir, entry.path))
  const found = await Promise.all(
    links.map(async ({ path }) => {
      const place = join(dir, pathBytes(path).toString('utf8'))
      const [repository, head, own] = await Promise.all([
        locateRepository(place, env),
        readCommit(place, 'HEAD', env),
        readIndex(place, env),
      ])
      if (head === undefined) throw noSuchCommit(`HEAD of submodule ${pathForPeople(path)}`)
      const shallow = (await isPartialClone(repository)) ? [head.commit] : repository.shallow
      return [{ repository, commit: head.commit, shallow, entries: own }, ...(await readSubmodules(place, own, env))]
    }),
  )
  return found.flat()
}
