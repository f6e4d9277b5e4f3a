import { accessSync, constants, lstatSync } from 'node:fs'
import { lineOf, sealedGit } from './sealed-git.ts'

/** Names are bytes: a path is a latin1 string, one character per byte. */
export type StagedCheckout = {
  /** Undefined when the files are those with which the checkout began. */
  tree: string | undefined
  /** Paths that are repositories of their own: git has no place for their files. */
  leftOut: string[]
  /** Paths that git cannot store as they are now: files that may not be read, pipes and devices in a file's place. */
  unreadable: string[]
}

const STATUS = ['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=all']
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const onDisk = (dir: string, path: string): Buffer =>
  Buffer.concat([bytes(`${Buffer.from(dir).toString('latin1')}/`), bytes(path)])

const isStorable = (file: Buffer): boolean => {
  try {
    const facts = lstatSync(file)
    if (facts.isFile()) accessSync(file, constants.R_OK)
    return facts.isFile() || facts.isSymbolicLink()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' // it went meanwhile: git removes it
  }
}

/** Stages files. One that git cannot store would make it store none: those are found then, left as they were, and answered. */
const stageFiles = async (gitDir: string, workDir: string, paths: readonly string[]): Promise<string[]> => {
  const stage = (some: readonly string[], allow: readonly number[]) =>
    sealedGit(['update-index', '--add', '--remove', '--replace', '-z', '--stdin'], {
      gitDir,
      workTree: workDir,
      input: bytes(some.map((path) => `${path}\0`).join('')),
      allow,
    })
  if (paths.length === 0 || (await stage(paths, [128])).code === 0) return []
  const unreadable = new Set(paths.filter((path) => !isStorable(onDisk(workDir, path))))
  await stage(
    paths.filter((path) => !unreadable.has(path)),
    [],
  )
  return [...unreadable].map((path) => bytes(path).toString('utf8'))
}

/**
 * Brings our index of the checkout to its files and answers the tree. `git status` looks into no submodule here, because there it would
 * obey the submodule's own configuration, which is the agent's to write.
 */
export const stageCheckout = async (gitDir: string, workDir: string): Promise<StagedCheckout> => {
  const call = { gitDir, workTree: workDir }
  const records = (await sealedGit(STATUS, call)).stdout.toString('latin1').split('\0')
  const deleted: string[] = []
  const present: string[] = []
  const leftOut: string[] = []
  let staged = false // by a collection before this one: our HEAD stays at the checkout's start
  for (const record of records) {
    const [index, work, path] = [record[0], record[1], record.slice(3)]
    if (path === '') continue
    if (index !== ' ' && index !== '?') staged = true
    if (work === ' ') continue
    if (path.endsWith('/')) leftOut.push(bytes(path.slice(0, -1)).toString('utf8'))
    else if (work === 'D' || lstatSync(onDisk(workDir, path), { throwIfNoEntry: false })?.isDirectory()) deleted.push(path)
    else present.push(path)
  }
  if (deleted.length > 0) {
    const input = bytes(deleted.map((path) => `0 ${'0'.repeat(40)}\t${path}\0`).join(''))
    await sealedGit(['update-index', '-z', '--index-info'], { ...call, input })
  }
  const unreadable = await stageFiles(gitDir, workDir, present)
  const changed = staged || deleted.length + present.length > 0
  return { tree: changed ? lineOf(await sealedGit(['write-tree'], call)) : undefined, leftOut, unreadable }
}
