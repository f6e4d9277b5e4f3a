import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_AGAIN_MS = 200

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Throws when there can be no lock (a disk that is full, or not ours to write to): then there is nothing to wait for. */
const take = async (file: string): Promise<boolean> => {
  await mkdir(dirname(file), { recursive: true })
  // Written beside and linked: one that names nobody would be waited for.
  const draft = `${file}.${randomBytes(6).toString('hex')}.lock`
  try {
    await writeFile(draft, String(process.pid))
    await link(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Runs `work` while holding the lock file; a lock whose holder is dead is taken over. Past `deadlineMs` it goes on without:
 * the lock saves double work, it does not guard correctness (the result is put in place by one rename).
 */
export const holdingLock = async <T>(file: string, deadlineMs: number, work: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + deadlineMs
  while (!(await take(file)) && performance.now() < deadline) {
    const holder = await readFile(file, 'utf8').catch(() => undefined) // given up just now
    if (holder === undefined) continue
    if (!(Number(holder) > 0 && isAlive(Number(holder)))) await rm(file, { force: true })
    // Another process's work: nothing tells when it is done.
    else await delay(LOOK_AGAIN_MS)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}
