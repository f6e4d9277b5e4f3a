import { chmod, lstat, opendir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './read-json.ts'

/** A directory itself, never what a link leads to: that may be anybody's. */
const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await lstat(path)).isDirectory()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Tools leave read-only directories behind (Go's module cache does); their owner may still remove them. */
const makeWritable = async (dir: string): Promise<void> => {
  if (!(await isDirectory(dir))) return
  await chmod(dir, 0o700)
  for await (const entry of await opendir(dir)) if (entry.isDirectory()) await makeWritable(join(dir, entry.name))
}

const isRefused = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')

/** Removes a directory with everything in it, links as links. Fine when it is not there. */
export const removeTree = async (dir: string): Promise<void> => {
  const remove = () => rm(dir, { recursive: true, force: true, maxRetries: 3 })
  try {
    await remove()
  } catch (error) {
    if (!isRefused(error)) throw error
    await makeWritable(dir)
    await remove()
  }
}

/**
 * Removes what lies at `path` below `root`, where nothing runs any more but everything may have been changed by what ran: the
 * directories on the way are made writable, and behind one that became a link nothing is touched.
 */
export const removeBelow = async (root: string, path: readonly string[]): Promise<void> => {
  let dir = root
  for (const name of path) {
    if (!(await isDirectory(dir))) return
    await chmod(dir, 0o700)
    dir = join(dir, name)
  }
  await removeTree(dir)
}
