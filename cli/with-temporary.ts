import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { DETACHED_EXIT } from './exit-code.ts'
import type { Io } from './io.ts'
import { makeTemporary, sweepTemporary } from './temporary-directory.ts'

/**
 * A directory for copies of the user's files, gone when `use` is over or was interrupted. `isPatient`: a program on the terminal (a pager)
 * decides what Ctrl-C means; we end with it.
 */
export const withTemporary = async <T>(
  io: Pick<Io, 'onInterrupt'>,
  use: (dir: string) => Promise<T>,
  { isPatient = false } = {},
): Promise<T> => {
  const dir = makeTemporary()
  const sweeping = sweepTemporary()
  const stopListening = io.onInterrupt(() => {
    if (isPatient) return
    try {
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    } finally {
      process.exit(DETACHED_EXIT) // also while a git that is being interrupted with us still writes there
    }
  })
  try {
    return await use(dir)
  } finally {
    stopListening()
    await Promise.all([sweeping, rm(dir, { recursive: true, force: true })])
  }
}
