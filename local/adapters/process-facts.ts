import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** One process as the system shows it. `startTime` tells it from a later one with the same pid. */
export type ProcessFacts = { pid: number; parent: number; startTime: string; alive: boolean }

const readOrEmpty = (file: string): string => {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // Gone meanwhile, or somebody else's: both mean that it is none of ours.
    return ''
  }
}

const linuxFacts = (pid: number): ProcessFacts | undefined => {
  const text = readOrEmpty(`/proc/${pid}/stat`)
  // The name may hold spaces and parentheses: fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const startTime = fields[19]
  if (state === undefined || parent === undefined || startTime === undefined) return undefined
  return { pid, parent: Number(parent), startTime, alive: state !== 'Z' && state !== 'X' }
}

const ps = (...args: string[]): string[] => {
  try {
    return execFileSync('ps', args, { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LC_ALL: 'C' } })
      .split('\n')
      .slice(1)
  } catch {
    // `ps` answers 1 when nothing matches.
    return []
  }
}

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)(.*)$/

const fromPs = (line: string): (ProcessFacts & { rest: string }) | undefined => {
  const [, pid, parent, state, startTime, rest] = PS_LINE.exec(line) ?? []
  if (!pid || !parent || !state || !startTime) return undefined
  return { pid: Number(pid), parent: Number(parent), startTime, alive: !state.startsWith('Z'), rest: rest ?? '' }
}

const isLinux = process.platform === 'linux'

/** Undefined when there is no such process. */
export const processFacts = (pid: number): ProcessFacts | undefined => {
  if (isLinux) return linuxFacts(pid)
  const [found] = ps('-o', 'pid,ppid,state,lstart', '-p', String(pid)).flatMap((line) => fromPs(line) ?? [])
  return found
}

/** Every process we may look at, with the variables of its environment as `NAME=value`. */
export const listProcesses = (): (ProcessFacts & { environment: string[] })[] => {
  if (!isLinux) {
    return ps('-E', '-ww', '-A', '-o', 'pid,ppid,state,lstart,command').flatMap((line) => {
      const found = fromPs(line)
      return found ? [{ ...found, environment: found.rest.split(' ') }] : []
    })
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const facts = linuxFacts(Number(name))
      return facts ? [{ ...facts, environment: readOrEmpty(`/proc/${name}/environ`).split('\0') }] : []
    })
}
