import { randomBytes } from 'node:crypto'
import { constants, existsSync, readdirSync } from 'node:fs'
import { cp, lstat, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from './remove-tree.ts'

/** Beside the workspaces; no workspace can be called so. */
export const SNAPSHOTS = '.snapshots'

const DRAFT = '.new'

/** Costs no space where the file system shares what is the same. Sockets and pipes mean nothing without their programs. */
const copyTree = (from: string, to: string) =>
  cp(from, to, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (path) => isKept(path),
  })

const isKept = async (path: string): Promise<boolean> => {
  const found = await lstat(path)
  return found.isFile() || found.isDirectory() || found.isSymbolicLink()
}

/** Copies of workspaces' directories, whole or not there. */
export const openWorkspaceSnapshots = (workspaces: string) => {
  const dir = join(workspaces, SNAPSHOTS)
  const whole = async (from: string, to: string) => {
    const draft = join(dir, `${randomBytes(8).toString('hex')}${DRAFT}`)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    try {
      await copyTree(from, draft)
      await rename(draft, to)
    } finally {
      await removeTree(draft)
    }
  }
  return {
    /** Answers its id. */
    take: async (place: string): Promise<string> => {
      const id = `snap-${randomBytes(8).toString('hex')}`
      await whole(place, join(dir, id))
      return id
    },
    restore: async (id: string, place: string): Promise<void> => {
      await removeTree(place)
      await whole(join(dir, id), place)
    },
    delete: (id: string) => removeTree(join(dir, id)),
    /** Copies that are not whole: of whoever makes them now, or was killed while it did. */
    drafts: (): string[] => (existsSync(dir) ? readdirSync(dir) : []).filter((name) => name.endsWith(DRAFT)),
  }
}
