import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositorySource } from '../../core/contract/dispatch.ts'
import { cwdInside } from './cwd-inside.ts'
import { locateRepository } from './locate-repository.ts'
import { isPartialClone, noSuchCommit, readCommit, readRoot, repositoryId } from './repository-history.ts'
import { snapshotWorkingTree } from './snapshot-working-tree.ts'
import { readSubmodules } from './submodules.ts'
import { readOuterIgnores, readUserSettings } from './user-settings.ts'
import { readIndex, readStatus } from './working-tree.ts'

export type Snapshot = {
  source: RepositorySource
  /** Top of the working tree; the git directory itself when bare. */
  repositoryDir: string
  /** Where to work inside the repository: `--cwd`, else where the user stood. Empty at the top. */
  cwdInside: string
  /** What differs from HEAD: files, and their bytes on disk. */
  stats: { files: number; bytes: number }
  /** For people: what arrives otherwise than they may expect. */
  warnings: string[]
  /** Who the user is to git: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL for the session. */
  author: { name: string; email: string } | undefined
  /** Commits of submodules that travel along. */
  submodules: string[]
  /** Object directory that also holds what is not in the repository's own; undefined when nothing is. */
  objectsDir: string | undefined
  sha256: boolean
}

export type TakeSnapshot = {
  /** Anywhere in the repository. */
  path: string
  /** Take this commit; the working tree is not looked at. */
  ref?: string | undefined
  /** Directory to work in, relative to the repository's top. */
  cwd?: string | undefined
  /** The snapshot lives in a new directory in here until it is shipped. */
  tmpDir: string
  env?: NodeJS.ProcessEnv | undefined
  /** Called as soon as the repository's id is known, so that asking what the other side has need not wait for the rest. */
  onIdentified?: ((id: string) => void) | undefined
}

/** As the contract has it. Longer rules stay at home. */
const MAX_IGNORE_CHARACTERS = 65_536

/**
 * The working tree as a commit on top of HEAD: tracked, modified and untracked files that are not ignored; HEAD itself when nothing
 * differs. The same tree on the same HEAD gives the same commit. Nothing of the user's is written: index, objects, refs, stash.
 * Throws `repository` with the reason when the working tree cannot arrive as it is.
 */
export const takeSnapshot = async (ask: TakeSnapshot): Promise<Snapshot> => {
  const { path, env } = ask
  const wanted = ask.ref ?? 'HEAD'
  const here = ask.ref === undefined
  // All at once: most of the time is the start of each git process.
  const looks = Promise.all([
    readCommit(path, wanted, env),
    readRoot(path, wanted, env),
    here ? readStatus(path, env) : undefined,
    here ? readIndex(path, env) : [],
    readUserSettings(path, env),
  ])
  looks.catch(() => undefined) // thrown below; but what is wrong with the place is said best by locateRepository
  const repository = await locateRepository(path, env)
  const [head, root, tree, index, settings] = await looks
  if (head === undefined && !tree?.unborn) throw noSuchCommit(wanted)
  const [partial, submodules, ignore] = await Promise.all([
    isPartialClone(repository),
    readSubmodules(repository.dir, index, env),
    readOuterIgnores(repository, settings),
  ])
  // What is missing in a partial clone is mostly old: cutting the history at HEAD needs none of it.
  const cuts = partial && head !== undefined ? [head.commit] : repository.shallow
  const shallow = [...new Set([...cuts, ...submodules.flatMap((submodule) => submodule.shallow)])]
  const id = repositoryId(repository, root, shallow)
  ask.onIdentified?.(id)

  const openDir = () => mkdtemp(join(ask.tmpDir, 'snapshot-'))
  const taken = await snapshotWorkingTree({
    repository,
    head,
    tree,
    index,
    partial,
    submodules,
    filters: settings.filters,
    env,
    openDir,
  })
  const source: RepositorySource = { id, commit: taken.commit, name: repository.name }
  if (head !== undefined) source.head = head.commit
  if (tree?.branch !== undefined) source.branch = tree.branch
  if (shallow.length > 0) source.shallow = shallow
  if (ignore !== '' && ignore.length <= MAX_IGNORE_CHARACTERS) source.ignore = ignore
  const { stats, warnings, objectsDir } = taken
  const inside = await cwdInside({ repository, cwd: ask.cwd, commit: here ? undefined : taken.commit, env })
  const commits = submodules.map((submodule) => submodule.commit)
  return {
    source,
    repositoryDir: repository.dir,
    cwdInside: inside,
    stats,
    warnings,
    author: settings.author,
    submodules: commits,
    objectsDir,
    sha256: repository.sha256,
  }
}
