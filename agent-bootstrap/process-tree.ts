import { setTimeout as delay } from 'node:timers/promises'
import { listProcesses, markedProcesses, type ProcessRow, startedSince } from './process-table.ts'

/** The variable that marks every process of a session, however it was started and whoever its parent is now. */
export const MARKER = 'REMOTE_SESSION'

/** They stand around a confined command and take it along when they die; signals meant for the command must pass them by. */
const AROUND = new Set(['bwrap', 'unshare'])
const KILL_DEADLINE_MS = 5000
/** The kernel ends processes on its own time and tells only their parents: there is no event to wait for. */
const LOOK_AGAIN_MS = 20

/**
 * The processes of a session: those with its marker, and, because a marker can be dropped (`env -i`), everything that descends
 * from them or shares a login session with them. Never this process or what it descends from.
 */
export const sessionProcesses = (session: string, all: readonly ProcessRow[] = listProcesses()): ProcessRow[] => {
  const rows = all.filter(({ zombie }) => !zombie)
  // Reading environments is what takes time.
  const found = markedProcesses(startedSince(rows), `${MARKER}=${session}`)
  const spared = new Set<number>([0, 1])
  const byPid = new Map(rows.map((row) => [row.pid, row]))
  for (let row = byPid.get(process.pid); row && !spared.has(row.pid); row = byPid.get(row.parent)) spared.add(row.pid)
  for (const pid of spared) found.delete(pid)
  const sessions = new Set<number>()
  for (let grown = true; grown; ) {
    grown = false
    for (const row of rows) {
      // Only login sessions that a process of ours leads: a marked process may well sit in its user's.
      if (found.has(row.pid) && row.session === row.pid) sessions.add(row.session)
      if (found.has(row.pid) || spared.has(row.pid)) continue
      if (!found.has(row.parent) && !sessions.has(row.session)) continue
      found.add(row.pid)
      grown = true
    }
  }
  return rows.filter(({ pid }) => found.has(pid))
}

const signal = (pid: number, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name)
  } catch (error) {
    // ESRCH: it ended by itself. EPERM: it changed its user, and is not ours to end.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}

/** For what the session's command is, sparing what stands around it. */
export const signalTree = (session: string, name: 'SIGTERM' | 'SIGINT' | 'SIGHUP') => {
  for (const row of sessionProcesses(session)) if (!AROUND.has(row.name)) signal(row.pid, name)
}

/** What a terminal's command is, below what stands around it. */
const shellBelow = (top: number, rows: readonly ProcessRow[]): number | undefined => {
  for (let row = rows.find(({ pid }) => pid === top); row; row = rows.find(({ parent }) => parent === row?.pid))
    if (!AROUND.has(row.name)) return row.pid
  return undefined
}

/**
 * Closes the terminal of the command `top`: all hear a hang-up, and the shell last. When it ends, so does the terminal, and with it what the others
 * had to say; it is stopped until they are gone, for `patienceMs` at most, because it would go on with its next command.
 */
export const hangUp = async (session: string, top: number, patienceMs: number): Promise<void> => {
  const rows = sessionProcesses(session)
  const shell = shellBelow(top, rows)
  if (shell === undefined) return signalTree(session, 'SIGHUP')
  const others = new Set(rows.filter(({ pid, name }) => pid !== shell && !AROUND.has(name)).map(({ pid }) => pid))
  signal(shell, 'SIGSTOP')
  try {
    for (const pid of others) signal(pid, 'SIGHUP')
    const deadline = performance.now() + patienceMs
    while (performance.now() < deadline && sessionProcesses(session).some(({ pid }) => others.has(pid)))
      await delay(LOOK_AGAIN_MS)
  } finally {
    signal(shell, 'SIGHUP')
    signal(shell, 'SIGCONT')
  }
}

/** Kills until nothing is found any more. Answers the processes that are still there after 5 s: none, unless they cannot be killed. */
export const killTree = async (session: string): Promise<ProcessRow[]> => {
  const deadline = performance.now() + KILL_DEADLINE_MS
  for (let pause = 1; ; pause = Math.min(50, pause * 2)) {
    const left = sessionProcesses(session)
    if (left.length === 0 || performance.now() > deadline) return left
    for (const { pid } of left) signal(pid, 'SIGKILL')
    await delay(pause)
  }
}
