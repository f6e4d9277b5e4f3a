import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RemoteError } from '../core/contract/remote-error.ts'

const SQLITE_BUSY = 5

/**
 * One daemon per user. The lock is the kernel's, taken through SQLite: it is gone the moment its process is, so there is no
 * stale one to detect and no race in removing it, which a pid file cannot promise. Undefined when another process holds it.
 */
export const takeDaemonLock = (file: string): { release(): void } | undefined => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return { release: () => db.close() }
  } catch (error) {
    db.close()
    if (error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY) return undefined
    throw new RemoteError('unavailable', `the lock ${file} cannot be taken`, {
      hint: 'remove it when no daemon runs',
      cause: error,
    })
  }
}
