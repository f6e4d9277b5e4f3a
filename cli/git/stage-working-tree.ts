import { constants } from 'node:fs'
import { copyFile, mkdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from './git.ts'
import type { Repository } from './locate-repository.ts'
import { type BytePath, type IndexEntry, pathBytes, type WorkingTree } from './working-tree.ts'

/** An index and an object directory of our own: the user's are only read. */
export type Stage = { set: { GIT_INDEX_FILE: string; GIT_OBJECT_DIRECTORY: string } }

/** Files are packed and compressed once, when the bundle is made; a split index would be written beside the user's. */
const CHEAP = ['-c', 'core.compression=0', '-c', 'core.splitIndex=false', '-c', 'core.ignoreStat=false']

const list = (paths: readonly BytePath[]): Buffer => pathBytes(paths.map((path) => `${path}\0`).join(''))

/** In `info/alternates` a quoted line may hold any path. */
export const alternatesLine = (objectsDir: string): string =>
  /["\\\n]/.test(objectsDir) ? JSON.stringify(objectsDir) : objectsDir

/** A new object directory that sees the objects of the others. */
export const openObjects = async (dir: string, others: readonly string[]): Promise<string> => {
  const objectsDir = join(dir, 'objects')
  await mkdir(join(objectsDir, 'info'), { recursive: true })
  await writeFile(join(objectsDir, 'info', 'alternates'), others.map((line) => `${alternatesLine(line)}\n`).join(''))
  return objectsDir
}

export const openStage = async (repository: Repository, dir: string, objectsDir: string): Promise<Stage> => {
  const [from, to] = [join(repository.gitDir, 'index'), join(dir, 'index')]
  try {
    // A copy keeps the stat cache, so that only changed files are read.
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    // Git doubts entries as young as their index: a younger copy would hide a change made in the tick in which the index was
    // written. A little older costs nothing but a second look.
    const seconds = (await stat(from)).mtimeMs / 1000 - 0.001
    await utimes(to, seconds, seconds)
  } catch (error) {
    // Git before the first `add` has no index.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return { set: { GIT_INDEX_FILE: join(dir, 'index'), GIT_OBJECT_DIRECTORY: objectsDir } }
}

/** Lets git look at files it was told to overlook (`update-index --assume-unchanged`, `--skip-worktree`). */
export const uncoverEntries = async (
  cwd: string,
  stage: Stage,
  hidden: readonly IndexEntry[],
  env?: NodeJS.ProcessEnv,
): Promise<void> => {
  const mark = async (flag: string, entries: readonly IndexEntry[]) => {
    if (entries.length === 0) return
    const input = list(entries.map((entry) => entry.path))
    await git([...CHEAP, 'update-index', flag, '-z', '--stdin'], { cwd, env, set: stage.set, input })
  }
  await mark(
    '--no-assume-unchanged',
    hidden.filter((entry) => entry.assumeUnchanged),
  )
  await mark(
    '--no-skip-worktree',
    hidden.filter((entry) => entry.skipWorktree),
  )
}

/** Brings the stage's index to the working tree and answers its tree. Objects go to the stage. */
export const stageWorkingTree = async (
  cwd: string,
  stage: Stage,
  tree: WorkingTree,
  partial: boolean,
  env?: NodeJS.ProcessEnv,
): Promise<string> => {
  const call = { cwd, env, set: stage.set }
  if (tree.deleted.length > 0) {
    // By name, not by looking: a directory replaced by a symbolic link still leads to a file of that name.
    const zero = '0'.repeat(40)
    const input = pathBytes(tree.deleted.map((path) => `0 ${zero}\t${path}\0`).join(''))
    await git([...CHEAP, 'update-index', '-z', '--index-info'], { ...call, input })
  }
  const present = [...tree.changed, ...tree.untracked]
  if (present.length > 0) {
    const args = [...CHEAP, 'update-index', '--add', '--remove', '--replace', '-z', '--stdin']
    await git(args, { ...call, input: list(present) })
  }
  const { stdout } = await git([...CHEAP, 'write-tree', ...(partial ? ['--missing-ok'] : [])], call)
  return stdout.toString('latin1').trim()
}
