import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTimeOf } from './process-table.ts'

/** Content of the claim: the runner that won, or the control plane's statement that none may start any more. */
export type Claim = { pid: number; startTime: string } | { gone: true }

export const claimPath = (sessionDir: string, attempt: number) => join(sessionDir, `attempt-${attempt}.json`)

/**
 * The very first act of a runner: launched twice, one of them wins. False when the attempt is taken, or was given up before
 * this runner came to it.
 */
export const claimAttempt = (sessionDir: string, attempt: number): boolean => {
  mkdirSync(sessionDir, { recursive: true, mode: 0o700 })
  const claim: Claim = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' }
  // Written beside and linked, so that a claim is never seen half written.
  const draft = `${claimPath(sessionDir, attempt)}.${process.pid}`
  writeFileSync(draft, JSON.stringify(claim), { mode: 0o600 })
  try {
    linkSync(draft, claimPath(sessionDir, attempt))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}
