import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { changedByFilter, findFiltered, judgeFiltered } from './filtered-files.ts'
import type { Repository } from './locate-repository.ts'
import { writeLooseObject } from './loose-object.ts'
import { type Head, noSuchCommit } from './repository-history.ts'
import { openObjects, openStage, stageWorkingTree, uncoverEntries } from './stage-working-tree.ts'
import type { Submodule } from './submodules.ts'
import { refuseUnshippable } from './unshippable.ts'
import { type BytePath, type IndexEntry, onDisk, pathForPeople, readIndex, readStatus, type WorkingTree } from './working-tree.ts'

export type Taken = {
  commit: string
  objectsDir: string | undefined
  stats: { files: number; bytes: number }
  warnings: string[]
}
type Ask = {
  repository: Repository
  head: Head | undefined
  /** Undefined: take HEAD. */
  tree: WorkingTree | undefined
  index: readonly IndexEntry[]
  partial: boolean
  submodules: readonly Submodule[]
  /** Filters of the user's that have a program. */
  filters: ReadonlySet<string>
  env: NodeJS.ProcessEnv | undefined
  /** Makes the directory for our own index and objects. */
  openDir(): Promise<string>
}

const HUGE_BYTES = 50 * 1024 * 1024
const WHO = 'remote <remote@localhost>'

const sizeOnDisk = (dir: string, path: BytePath): number => lstatSync(onDisk(dir, path), { throwIfNoEntry: false })?.size ?? 0

const measure = (dir: string, tree: WorkingTree): Pick<Taken, 'stats' | 'warnings'> => {
  const sized = [...tree.changed, ...tree.untracked].map((path) => ({ path, bytes: sizeOnDisk(dir, path) }))
  const untracked = new Set(tree.untracked)
  const huge = sized.filter(({ path, bytes }) => bytes > HUGE_BYTES && untracked.has(path))
  return {
    stats: {
      files: sized.length + tree.deleted.length + tree.stagedOnly,
      bytes: sized.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    warnings: huge.map(
      ({ path, bytes }) =>
        `${pathForPeople(path)} is untracked and has ${Math.round(bytes / 1024 ** 2)} MB: ignore it if the session does not need it`,
    ),
  }
}

/** Equal trees on the same HEAD give equal commits: nothing in it is of the user or of now. */
const commitText = (tree: string, head: Head | undefined): string => {
  const when = `${WHO} ${head?.seconds ?? 0} +0000`
  const parent = head === undefined ? '' : `parent ${head.commit}\n`
  return `tree ${tree}\n${parent}author ${when}\ncommitter ${when}\n\nUncommitted changes, as they were at dispatch\n`
}

/** Of an entry that git was told to overlook, when there is a file that may differ. */
const isHidden = (dir: string, entry: IndexEntry): boolean =>
  entry.assumeUnchanged || (entry.skipWorktree && lstatSync(onDisk(dir, entry.path), { throwIfNoEntry: false }) !== undefined)

export const snapshotWorkingTree = async (ask: Ask): Promise<Taken> => {
  const { repository, head, index, submodules, env } = ask
  const { dir } = repository
  const others = [repository, ...submodules.map((submodule) => submodule.repository)].map(({ commonDir }) =>
    join(commonDir, 'objects'),
  )
  const asCommitted = async (): Promise<Taken> => {
    if (head === undefined) throw noSuchCommit('HEAD')
    const objectsDir = others.length > 1 ? await openObjects(await ask.openDir(), others) : undefined
    return { commit: head.commit, objectsDir, stats: { files: 0, bytes: 0 }, warnings: [] }
  }
  if (ask.tree === undefined) return asCommitted()

  refuseUnshippable(ask.tree)
  const hidden = index.filter((entry) => isHidden(dir, entry))
  if (hidden.length === 0 && head !== undefined && isClean(ask.tree)) {
    return { ...(await asCommitted()), warnings: judgeFiltered((await filteredIn(ask, [])).found, env) }
  }
  const stageDir = await ask.openDir()
  const objectsDir = await openObjects(stageDir, others)
  const stage = await openStage(repository, stageDir, objectsDir)
  if (hidden.length > 0) await uncoverEntries(dir, stage, hidden, env)
  const tree = hidden.length > 0 ? await readStatus(dir, env, stage.set) : ask.tree
  if (tree === undefined) throw noSuchCommit('HEAD')
  const { found, unsure } = await filteredIn(ask, [...tree.changed, ...tree.untracked])
  const warnings = judgeFiltered(found, env)
  const treeId = await stageWorkingTree(dir, stage, tree, ask.partial, env)
  if (unsure.length > 0) {
    warnings.push(...judgeFiltered(await changedByFilter(repository, await readIndex(dir, env, stage.set), unsure), env))
  }
  if (treeId === head?.tree) return { ...(await asCommitted()), warnings }
  const measured = measure(dir, tree)
  const commit = await writeLooseObject(objectsDir, 'commit', commitText(treeId, head), repository.sha256)
  return { commit, objectsDir, stats: measured.stats, warnings: [...warnings, ...measured.warnings] }
}

const isClean = (tree: WorkingTree): boolean =>
  tree.staged + tree.changed.length + tree.deleted.length + tree.untracked.length === 0

const filteredIn = async ({ repository, index, submodules, filters, env }: Ask, fresh: readonly BytePath[]) => {
  const all = [{ repository, entries: index, fresh }, ...submodules.map((submodule) => ({ ...submodule, fresh: [] }))]
  const each = await Promise.all(all.map((one) => findFiltered({ ...one, active: filters, env })))
  return { found: each.flatMap(({ found }) => found), unsure: each.flatMap(({ unsure }) => unsure) }
}
