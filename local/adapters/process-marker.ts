import { setTimeout as delay } from 'node:timers/promises'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { listProcesses } from './process-facts.ts'

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50

/** Environment variables that every process of a session inherits, whatever group or terminal it moves to. */
export const markerOf = (session: string, attempt: number) => ({ REMOTE_SESSION: session, REMOTE_ATTEMPT: String(attempt) })

const isMarked = (environment: readonly string[], session: string, attempt: number): boolean => {
  if (!environment.includes(`REMOTE_SESSION=${session}`)) return false
  const other = environment.find((variable) => variable.startsWith('REMOTE_ATTEMPT='))
  return other === undefined || other === `REMOTE_ATTEMPT=${attempt}`
}

/** Pids of an attempt: what carries its marker, and whatever descends from that (it may have cleared its environment). */
export const markedProcesses = (session: string, attempt: number): number[] => {
  const all = listProcesses().filter(({ pid, alive }) => alive && pid !== process.pid)
  const marked = new Set(all.filter(({ environment }) => isMarked(environment, session, attempt)).map(({ pid }) => pid))
  for (let before = -1; before !== marked.size; ) {
    before = marked.size
    for (const { pid, parent } of all) if (marked.has(parent)) marked.add(pid)
  }
  return [...marked]
}

const kill = (pid: number) => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: it ended by itself. EPERM: it changed its user; the others must go all the same, and this one is named if it stays.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}

/** Kills every process of an attempt, and those they start meanwhile, until none is left. Throws `timeout` after `seconds`. */
export const killMarked = async (session: string, attempt: number, seconds = 5): Promise<void> => {
  const deadline = performance.now() + seconds * 1000
  let pause = FIRST_PAUSE_MS
  for (let pids = markedProcesses(session, attempt); pids.length > 0; pids = markedProcesses(session, attempt)) {
    for (const pid of pids) kill(pid)
    if (performance.now() > deadline) {
      throw new RemoteError('timeout', `${pids.length} processes of ${session} do not end (${pids.slice(0, 5).join(', ')})`, {
        hint: 'they may hang in a system call; it is tried again',
      })
    }
    // The system reports no end of a process that is not our child.
    await delay(pause)
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
  }
}
