import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
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

const take = async (file: string): Promise<boolean> => {
  await mkdir(dirname(file), { recursive: true })
  return writeFile(file, String(process.pid), { flag: 'wx' }).then(
    () => true,
    () => false,
  )
}

/**
 * Runs `work` while holding the lock file; a lock whose holder is dead is taken over. Past `deadlineMs` it goes on without:
 * the lock saves double work, it does not guard correctness (the result is put in place by one rename).
 */
export const holdingLock = async <T>(file: string, deadlineMs: number, work: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + deadlineMs
  while (!(await take(file)) && performance.now() < deadline) {
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'))
    // An empty file is one that is being written just now.
    if (holder > 0 && !isAlive(holder)) await rm(file, { force: true })
    // Another process's work: nothing tells when it is done.
    else await delay(LOOK_AGAIN_MS)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}
