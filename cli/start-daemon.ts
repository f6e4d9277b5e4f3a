import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, RemoteError } from '../core/contract/remote-error.ts'
import { makeDirectory } from './make-directory.ts'

export type DaemonPlaces = { data: string; state: string; cache: string; run: string; daemonLog: string }
export type Ready = { ready: true; version: string; pid: number; socket: string }
type Handshake = Ready | { error: { code: ErrorCode; message: string; hint?: string } }

/** Longer than the daemon waits for another one that holds its lock: it says what is to be done about that. */
const START_MS = 20_000
const TAIL_LINES = 5

/** Beside us when built (we may be in a chunk), else the source. */
const DAEMONS = ['./daemon.js', '../daemon.js', '../local/daemon-main.ts']

export const daemonCommand = (): string[] => {
  const found = DAEMONS.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path))
  if (found) return [process.execPath, found]
  throw new RemoteError('bug', 'the daemon is missing beside this program', { hint: 'install remote again: npm ci' })
}

export const daemonEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  // Marks of a session's processes: whatever carries them is killed with the session.
  const { REMOTE_SESSION: _session, REMOTE_ATTEMPT: _attempt, ...rest } = env
  return rest
}

const tailOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n  ')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const readLine = async (pipe: Readable, deadline: AbortSignal): Promise<string> => {
  let text = ''
  const giveUp = () => pipe.destroy()
  deadline.addEventListener('abort', giveUp, { once: true })
  try {
    for await (const chunk of pipe.setEncoding('utf8')) text += chunk
  } catch (error) {
    if (!deadline.aborted) throw error
  } finally {
    deadline.removeEventListener('abort', giveUp)
  }
  return text
}

const notStarted = (why: string, log: string) =>
  new RemoteError('unavailable', `the daemon ${why}`, { hint: `the end of ${log}:\n  ${tailOf(log)}` })

/** Starts the daemon, or finds that another start was quicker. Throws what the daemon says is wrong. */
export const startDaemon = async (env: NodeJS.ProcessEnv, places: DaemonPlaces): Promise<Ready> => {
  for (const dir of [places.data, places.state, places.cache, places.run]) makeDirectory(dir)
  const log = openSync(places.daemonLog, 'a', 0o600)
  const [command = process.execPath, ...args] = daemonCommand()
  const child = spawn(command, args, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log, 'pipe'],
    // It hands the directory on to runners: compiled once, they begin sooner.
    env: { NODE_COMPILE_CACHE: join(places.cache, 'compile'), ...daemonEnvironment(env), REMOTE_HANDSHAKE_FD: '3' },
  })
  closeSync(log)
  const failed = new Promise<never>((_, reject) => child.on('error', reject))
  const pipe = child.stdio[3] as Readable
  const deadline = AbortSignal.timeout(START_MS)
  try {
    const line = await Promise.race([readLine(pipe, deadline), failed])
    if (line === '')
      throw notStarted(deadline.aborted ? `did not start within ${START_MS / 1000} s` : 'ended while starting', places.daemonLog)
    const said = JSON.parse(line) as Handshake
    if ('error' in said) throw new RemoteError(said.error.code, said.error.message, { hint: said.error.hint })
    return said
  } finally {
    pipe.destroy()
    child.unref()
  }
}
