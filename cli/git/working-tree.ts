import { RemoteError } from '../../core/contract/remote-error.ts'
import { git } from './git.ts'

/** Names are bytes, not text: paths are kept as latin1 strings, one character per byte. */
export type BytePath = string
export const pathBytes = (path: BytePath): Buffer => Buffer.from(path, 'latin1')
export const onDisk = (dir: string, path: BytePath): Buffer => Buffer.concat([Buffer.from(`${dir}/`), pathBytes(path)])
export const pathForPeople = (path: BytePath): string => JSON.stringify(pathBytes(path).toString('utf8')).slice(1, -1)
/** `a, b, c and 4 more`. */
export const pathsForPeople = (paths: readonly BytePath[]): string => {
  const shown = paths.slice(0, 3).map(pathForPeople).join(', ')
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown
}

export type WorkingTree = {
  branch: string | undefined
  /** There is no commit yet. */
  unborn: boolean
  /** Entries in which the index differs from HEAD. */
  staged: number
  /** Of these, the ones whose file is as in the index. */
  stagedOnly: number
  /** Of the working tree against the index. */
  changed: BytePath[]
  deleted: BytePath[]
  untracked: BytePath[]
  /** Untracked directories that are repositories of their own. */
  nested: BytePath[]
  unmerged: BytePath[]
  /** Submodules with uncommitted changes or untracked files in them. */
  dirtySubmodules: BytePath[]
}

const afterField = (record: string, fields: number): string => record.split(' ').slice(fields).join(' ')

/** Reads `git status --porcelain=v2 -z --branch`. */
export const parseStatus = (bytes: Buffer): WorkingTree => {
  const lists = { changed: [], deleted: [], untracked: [], nested: [], unmerged: [], dirtySubmodules: [] }
  const tree: WorkingTree = { branch: undefined, unborn: false, staged: 0, stagedOnly: 0, ...lists }
  for (const record of bytes.toString('latin1').split('\0')) {
    if (record === '# branch.oid (initial)') tree.unborn = true
    else if (record.startsWith('# branch.head ')) {
      const branch = pathBytes(record.slice(14)).toString('utf8')
      tree.branch = branch === '(detached)' ? undefined : branch
    } else if (record.startsWith('1 ')) {
      const path = afterField(record, 8)
      const [index, work] = [record[2], record[3]]
      if (index !== '.') tree.staged++
      if (work === '.') tree.stagedOnly++
      if (work === 'D') tree.deleted.push(path)
      else if (work !== '.') tree.changed.push(path)
      if (record[5] === 'S' && (record[7] === 'M' || record[8] === 'U')) tree.dirtySubmodules.push(path)
    } else if (record.startsWith('u ')) tree.unmerged.push(afterField(record, 10))
    else if (record.startsWith('? ')) (record.endsWith('/') ? tree.nested : tree.untracked).push(record.slice(2))
  }
  return tree
}

const STATUS = [
  'status',
  '--porcelain=v2',
  '-z',
  '--branch',
  '--no-ahead-behind',
  '--untracked-files=all',
  '--no-renames',
  '--ignore-submodules=none',
]

/** Undefined where there is no working tree. */
export const readStatus = async (
  cwd: string,
  env?: NodeJS.ProcessEnv,
  set?: Record<string, string>,
): Promise<WorkingTree | undefined> => {
  const answer = await git(STATUS, { cwd, env, set, allow: [128] })
  if (answer.code === 128) {
    if (answer.stderr.includes('must be run in a work tree')) return undefined
    throw new RemoteError('repository', `git status failed: ${answer.stderr.trim()}`, {
      hint: 'run `git status` there and repair what it says',
    })
  }
  const unreadable = /could not open directory '(.*)'/.exec(answer.stderr)?.[1]
  if (unreadable !== undefined) {
    throw new RemoteError('repository', `${unreadable} cannot be read`, {
      hint: 'make it readable, or ignore it in .git/info/exclude',
    })
  }
  return parseStatus(answer.stdout)
}

export type IndexEntry = {
  path: BytePath
  mode: string
  oid: string
  stage: string
  assumeUnchanged: boolean
  skipWorktree: boolean
}

/** Reads `git ls-files -v -s -z`. */
export const parseIndex = (bytes: Buffer): IndexEntry[] =>
  bytes
    .toString('latin1')
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const tab = record.indexOf('\t')
      const [tag = '', mode = '', oid = '', stage = ''] = record.slice(0, tab).split(' ')
      return {
        path: record.slice(tab + 1),
        mode,
        oid,
        stage,
        assumeUnchanged: tag !== tag.toUpperCase(),
        skipWorktree: tag.toUpperCase() === 'S',
      }
    })

/** Empty where there is no working tree. */
export const readIndex = async (cwd: string, env?: NodeJS.ProcessEnv, set?: Record<string, string>): Promise<IndexEntry[]> => {
  const answer = await git(['ls-files', '-v', '-s', '-z', '--full-name', ':/'], { cwd, env, set, allow: [128] })
  return answer.code === 0 ? parseIndex(answer.stdout) : []
}
