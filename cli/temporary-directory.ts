import { mkdtempSync } from 'node:fs'
import { lstat, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const OURS = /^remote-(\d+)-\w{6}$/
/** In a container that shares the directory with this computer, its processes are unknown here; none of them works on one for so long. */
const LEFT_MS = 24 * 3_600_000

/** For this process alone, which removes it; if it is killed before, a later one does. */
export const makeTemporary = (): string => mkdtempSync(join(tmpdir(), `remote-${process.pid}-`))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Removes what this user's processes left that were killed: copies of files, keys. What cannot be removed now is another time. */
export const sweepTemporary = async (now = Date.now()): Promise<void> => {
  const names = await readdir(tmpdir()).catch(() => [])
  for (const name of names) {
    const [, pid] = OURS.exec(name) ?? []
    if (pid === undefined || isAlive(Number(pid))) continue
    const path = join(tmpdir(), name)
    const facts = await lstat(path).catch(() => undefined)
    if (!facts?.isDirectory() || facts.uid !== process.getuid?.() || now - facts.mtimeMs < LEFT_MS) continue
    await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
