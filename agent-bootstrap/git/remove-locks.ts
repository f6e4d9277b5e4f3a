import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const isReal = async (path: string): Promise<boolean> => (await lstat(path).catch(() => undefined))?.isDirectory() ?? false

/**
 * Locks of a git that was killed, with its runner or its agent: whoever had them is gone before another one comes here, which would find
 * them in its way. The git directory may be an agent's: a link in it leads nowhere.
 */
export const removeLocks = async (gitDir: string, branch?: string): Promise<void> => {
  const folders = ['', ...(branch === undefined ? [] : ['refs', 'heads', ...branch.split('/').slice(0, -1)])]
  let dir = gitDir
  for (const folder of folders) {
    dir = join(dir, folder)
    if (!(await isReal(dir))) return
    const locks = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.name.endsWith('.lock') && entry.isFile())
    await Promise.all(locks.map(({ name }) => rm(join(dir, name), { force: true })))
  }
}
