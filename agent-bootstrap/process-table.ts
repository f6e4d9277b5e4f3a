import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export type ProcessRow = {
  pid: number
  parent: number
  group: number
  session: number
  zombie: boolean
  name: string
  startTime: string
  residentBytes: number
}

const PAGE_BYTES = 4096

const readOrEmpty = (path: string): string => {
  try {
    // As UTF-8, whatever it is: that is read in one call of the runtime, and a listing is hundreds of files.
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone since it was listed, or somebody else's
  }
}

const fromStat = (pid: number): ProcessRow[] => {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  // The name stands in parentheses and may itself hold spaces and parentheses.
  const nameEnd = stat.lastIndexOf(')')
  if (nameEnd < 0) return []
  const field = stat.slice(nameEnd + 2).split(' ')
  return [
    {
      pid,
      parent: Number(field[1]),
      group: Number(field[2]),
      session: Number(field[3]),
      zombie: field[0] === 'Z' || field[0] === 'X',
      name: stat.slice(stat.indexOf('(') + 1, nameEnd),
      startTime: field[19] ?? '',
      residentBytes: Number(field[21]) * PAGE_BYTES,
    },
  ]
}

const PS_DEADLINE_MS = 5000

const fromPs = (): ProcessRow[] => {
  // macOS has no numeric session id: a process group is as close as it gets.
  const columns = 'pid=,ppid=,pgid=,stat=,rss=,lstart=,comm='
  const lines = execFileSync('ps', ['-A', '-o', columns], {
    encoding: 'utf8',
    timeout: PS_DEADLINE_MS,
    env: { ...process.env, LC_ALL: 'C' },
  }).split('\n')
  return lines.flatMap((line) => {
    const m = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line)
    if (!m) return []
    const [, pid, parent, group, stat, rss, startTime, path] = m
    const name = (path ?? '').split('/').at(-1) ?? ''
    const zombie = (stat ?? '').startsWith('Z')
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        session: 0,
        zombie,
        name,
        startTime: startTime ?? '',
        residentBytes: Number(rss) * 1024,
      },
    ]
  })
}

/** Every process of this machine that can be seen. */
export const listProcesses = (): ProcessRow[] => {
  if (process.platform !== 'linux') return fromPs()
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? fromStat(Number(name)) : []))
}

/** Tells a process from a later one with the same pid. Undefined when there is no such process. */
export const startTimeOf = (pid: number): string | undefined => {
  if (process.platform === 'linux') return fromStat(pid)[0]?.startTime
  return fromPs().find((row) => row.pid === pid)?.startTime
}

/** Out of `rows`, those that can descend from this process: they started no earlier. */
export const startedSince = (rows: readonly ProcessRow[]): ProcessRow[] => {
  if (process.platform !== 'linux') return [...rows]
  const start = Number(rows.find(({ pid }) => pid === process.pid)?.startTime ?? 0)
  return rows.filter((row) => Number(row.startTime) >= start)
}

/** Pids, out of `rows`, whose environment at start held `marker` (`NAME=value`). */
export const markedProcesses = (rows: readonly ProcessRow[], marker: string): Set<number> => {
  if (process.platform === 'linux') {
    const wanted = `\0${marker}\0`
    return new Set(rows.filter(({ pid }) => `\0${readOrEmpty(`/proc/${pid}/environ`)}\0`.includes(wanted)).map(({ pid }) => pid))
  }
  const lines = execFileSync('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    timeout: PS_DEADLINE_MS,
    maxBuffer: 64 << 20,
  }).split('\n')
  return new Set(lines.filter((line) => ` ${line} `.includes(` ${marker} `)).map((line) => Number.parseInt(line, 10)))
}
