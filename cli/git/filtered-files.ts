import { createHash } from 'node:crypto'
import { createReadStream, lstatSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { git } from './git.ts'
import type { Repository } from './locate-repository.ts'
import { configDir } from './user-settings.ts'
import { type BytePath, type IndexEntry, onDisk, pathBytes, pathsForPeople } from './working-tree.ts'

export type Filtered = { driver: string; path: BytePath }
type Ask = {
  repository: Repository
  entries: readonly IndexEntry[]
  /** Paths whose files are not (yet) as in the index. */
  fresh: readonly BytePath[]
  /** Filters that have a program. */
  active: ReadonlySet<string>
  env?: NodeJS.ProcessEnv | undefined
}

const mentionsFilter = async (file: string | Buffer): Promise<boolean> =>
  /\bfilter\b/.test(await readFile(file, 'latin1').catch(() => ''))

const anyFilter = async ({ repository, entries, fresh, env }: Ask): Promise<boolean> => {
  const own = [...entries.map(({ path }) => path), ...fresh].filter(
    (path) => path === '.gitattributes' || path.endsWith('/.gitattributes'),
  )
  const personal = join(configDir(env), 'attributes')
  const files = [...own.map((path) => onDisk(repository.dir, path)), join(repository.commonDir, 'info', 'attributes'), personal]
  return (await Promise.all(files.map(mentionsFilter))).includes(true)
}

const driversOf = async ({ repository, env }: Ask, paths: readonly BytePath[]): Promise<string[]> => {
  const input = pathBytes(paths.map((path) => `${path}\0`).join(''))
  const { stdout } = await git(['check-attr', '-z', '--stdin', 'filter'], { cwd: repository.dir, env, input })
  const fields = stdout.toString('latin1').split('\0')
  return paths.map((_path, n) => fields[3 * n + 2] ?? '')
}

/** The id that the file's bytes would have without any filter; undefined where there is no file. */
const plainId = async ({ dir, sha256 }: Repository, path: BytePath): Promise<string | undefined> => {
  const file = onDisk(dir, path)
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) return undefined
  const hash = createHash(sha256 ? 'sha256' : 'sha1').update(`blob ${stat.size}\0`)
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const POINTER = Buffer.from('version https://git-lfs.github.com/spec/')
const isPointer = async (dir: string, path: BytePath): Promise<boolean> => {
  const file = onDisk(dir, path)
  const size = lstatSync(file, { throwIfNoEntry: false })?.size ?? 0
  return size < 1024 && (await readFile(file)).subarray(0, POINTER.length).equals(POINTER)
}

/**
 * Files whose bytes on disk are not what git stores, because a filter of the user's (LFS, git-crypt) changes them on the way in.
 * `unsure`: only running the filter can tell. Git LFS is not run: it would put its copy into the repository.
 */
export const findFiltered = async (ask: Ask): Promise<{ found: Filtered[]; unsure: Filtered[] }> => {
  const { repository, entries, fresh, active } = ask
  const found: Filtered[] = []
  const unsure: Filtered[] = []
  if (active.size === 0 || !(await anyFilter(ask))) return { found, unsure }
  const ids = new Map(entries.map(({ path, oid }) => [path, oid]))
  for (const path of fresh) ids.set(path, '')
  const paths = [...ids.keys()]
  const drivers = await driversOf(ask, paths)
  for (const [n, path] of paths.entries()) {
    const driver = drivers[n] ?? ''
    const isFile = active.has(driver) && lstatSync(onDisk(repository.dir, path), { throwIfNoEntry: false })?.isFile()
    if (!isFile) continue
    if (ids.get(path) !== '') {
      if ((await plainId(repository, path)) !== ids.get(path)) found.push({ driver, path })
    } else if (driver !== 'lfs') unsure.push({ driver, path })
    else if (!(await isPointer(repository.dir, path))) found.push({ driver, path })
  }
  return { found, unsure }
}

/** Of the unsure ones, those that the filter did change. */
export const changedByFilter = async (
  repository: Repository,
  staged: readonly IndexEntry[],
  unsure: readonly Filtered[],
): Promise<Filtered[]> => {
  const ids = new Map(staged.map(({ path, oid }) => [path, oid]))
  const changed: Filtered[] = []
  for (const one of unsure) if ((await plainId(repository, one.path)) !== ids.get(one.path)) changed.push(one)
  return changed
}

const filteredForPeople = (found: readonly Filtered[]): string => {
  const driver = found[0]?.driver ?? ''
  const what = driver === 'lfs' ? 'as pointers to Git LFS' : `through the filter "${driver}"`
  return `${pathsForPeople(found.map(({ path }) => path))}: git stores ${found.length === 1 ? 'it' : 'them'} ${what}, so the contents on disk would not arrive`
}

/** Refuses them, or warns where the user says that what git stores is enough. */
export const judgeFiltered = (found: readonly Filtered[], env: NodeJS.ProcessEnv = process.env): string[] => {
  if (found.length === 0) return []
  if (env['REMOTE_FILTERED'] === 'stored') return [filteredForPeople(found)]
  throw new RemoteError('repository', filteredForPeople(found), {
    hint: 'if the session does not need these contents, pass --filtered stored: it then gets what git stores',
  })
}
