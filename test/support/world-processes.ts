import { readdirSync, readFileSync } from 'node:fs'

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // it ended, or is not ours to look at
  }
}

export type WorldProcess = { pid: number; line: string; session: string | undefined }

const sessionIn = (line: string, environment: string): string | undefined =>
  /(?:^|\0)REMOTE_SESSION=(s-\w+)/.exec(environment)?.[1] ?? /\0--session\0(s-\w+)/.exec(line)?.[1]

/** Processes whose environment or arguments name the directory: everything a world's programs started, whoever its parent is now. */
export const processesOf = (dir: string): WorldProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), line: read(`/proc/${name}/cmdline`), environment: read(`/proc/${name}/environ`) }))
    .filter(({ line, environment }) => line !== '' && (line.includes(dir) || environment.includes(dir)))
    .map(({ pid, line, environment }) => ({
      pid,
      line: line.replaceAll('\0', ' ').trim(),
      session: sessionIn(line, environment),
    }))

export const killQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Looks until it is so; for what tells nobody (a process table). Throws with the name after the deadline. */
export const until = async <T>(what: string, look: () => T | undefined | Promise<T | undefined>, seconds = 30): Promise<T> => {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`still not so after ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
