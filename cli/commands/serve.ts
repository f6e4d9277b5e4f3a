import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type { About } from '../../core/contract/about.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { type Connection, codeOf, connect } from '../connect.ts'
import { type Io, write } from '../io.ts'
import { daemonCommand, daemonEnvironment } from '../start-daemon.ts'
import type { Command } from '../verbs/verb.ts'

const STOP_MS = 15_000
const LOOK_MS = 20

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** The running daemon, without starting one. */
const running = async (connection: Connection): Promise<About | undefined> => {
  try {
    return await connection.get('/v1/about')
  } catch (error) {
    if (error instanceof RemoteError && error.code === 'unavailable') return undefined
    throw error
  }
}

/** Resolves when its process is gone: only then another one can begin. A foreign process's end is no event, so it is looked for. */
const stop = async (connection: Connection, { pid }: About): Promise<void> => {
  await connection.post('/v1/daemon/stop')
  if (pid === undefined) return
  const deadline = performance.now() + STOP_MS
  while (isThere(pid)) {
    if (performance.now() > deadline) {
      throw new RemoteError('timeout', `the daemon (process ${pid}) has not ended within ${STOP_MS / 1000} s`, {
        hint: `sessions are not its children: kill -9 ${pid} loses nothing`,
      })
    }
    await pause(LOOK_MS)
  }
}

/** The daemon as a child on this terminal; Ctrl-C reaches it from there. */
const beDaemon = (io: Io): Promise<number> => {
  const [command = process.execPath, ...args] = daemonCommand()
  const child = spawn(command, args, { stdio: 'inherit', env: daemonEnvironment(io.env) })
  const release = io.onInterrupt(() => child.kill('SIGTERM'))
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  }).finally(release)
}

export const serve: Command = async ({ io, flags }) => {
  const chosen = ['restart', 'stop', 'foreground'].filter((name) => flags.on(name))
  if (chosen.length > 1) throw new RemoteError('usage', `--${chosen.join(' and --')} do not go together`, { hint: 'give one' })
  const say = async (record: object, text: string) => {
    if (flags.on('json')) await write(io.stdout, `${JSON.stringify(record)}\n`)
    else if (!flags.on('quiet')) await write(io.stderr, `${text}\n`)
    return 0
  }
  const before = await running(connect(io, { quiet: true, start: false }))
  const connection = connect(io, { quiet: true })
  if (flags.on('foreground')) {
    if (before)
      throw new RemoteError('conflict', `a daemon is running already (process ${before.pid})`, {
        hint: 'end it first: remote serve --stop',
      })
    return beDaemon(io)
  }
  if (before && (flags.on('stop') || flags.on('restart'))) await stop(connection, before)
  if (flags.on('stop'))
    return say({ stopped: before?.pid ?? null }, before ? `the daemon has ended; ${goesOn(before)}` : 'no daemon was running')
  const about = await connection.get('/v1/about')
  const sessions = before ? `; ${goesOn(about)}` : ''
  return say(about, `the daemon is running: version ${about.version}, process ${about.pid}${sessions}`)
}

const goesOn = ({ activeSessions }: About) =>
  activeSessions === 0
    ? 'no session is under way'
    : activeSessions === 1
      ? '1 session goes on'
      : `${activeSessions} sessions go on`
