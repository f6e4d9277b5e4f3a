import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * The git directory we trust: beside the checkout, where the sandbox lets no agent write. It has its own index of the checkout, so that
 * nothing in the checkout's `.git` (which is the agent's) is needed to see what changed.
 */
export const trustedGitDir = (workDir: string): string => join(dirname(workDir), 'git')

/** What the checkout noted for the result. */
export type CheckoutNote = {
  branch: string
  base: string
  /** Commit at which the checkout began: the base, or a checkpoint. */
  start: string
  /** The user's snapshot that it took in. */
  taken: string
  /** What the user's repository has. */
  head?: string | undefined
  cache: string
  author: { name: string; email: string }
}

const noteFile = (workDir: string): string => join(trustedGitDir(workDir), 'remote.json')

const beginFile = (workDir: string): string => join(trustedGitDir(workDir), 'begun')

/** Last of all: its presence means that the checkout is whole. */
export const writeNote = async (workDir: string, note: CheckoutNote): Promise<void> => {
  await writeFile(`${noteFile(workDir)}.new`, JSON.stringify(note))
  await rename(`${noteFile(workDir)}.new`, noteFile(workDir))
  await rm(beginFile(workDir), { force: true })
}

export const readNote = async (workDir: string): Promise<CheckoutNote | undefined> => {
  try {
    return JSON.parse(await readFile(noteFile(workDir), 'utf8')) as CheckoutNote
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Removes what is here, and says that whatever comes now is a checkout of ours: without its note it was cut off by a crash, and holds
 * nothing of anybody's. In this order, so that a crash between never makes files look like changes, or like somebody's.
 */
export const beginAnew = async (workDir: string): Promise<void> => {
  for (const path of [noteFile(workDir), workDir, trustedGitDir(workDir)]) await rm(path, { recursive: true, force: true })
  await mkdir(trustedGitDir(workDir), { recursive: true })
  await writeFile(beginFile(workDir), '')
}

/** Is what lies here, without a note, a checkout that a crash cut off? */
export const hasBegun = (workDir: string): boolean => existsSync(beginFile(workDir)) && !existsSync(noteFile(workDir))

/** The session's checkout as it is here; undefined when it never came to be whole. */
export const heldCheckout = async (workDir: string, branch: string): Promise<{ branch: string; base: string } | undefined> => {
  const note = await readNote(workDir)
  return note?.branch === branch && existsSync(workDir) ? { branch, base: note.base } : undefined
}
