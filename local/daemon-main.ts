/**
 * How the CLI starts the daemon (and how a person may: `node local/daemon-main.ts`):
 *
 *   mkdir -p (0700) paths(env).state, then
 *   spawn(process.execPath, [daemon-main.ts | dist/daemon.js], {
 *     detached: true, cwd: '/', stdio: ['ignore', log, log, 'pipe'],     // log: fd of paths(env).daemonLog, opened 'a', mode 0600
 *     env: { ...env without REMOTE_SESSION and REMOTE_ATTEMPT, REMOTE_HANDSHAKE_FD: '3' } })
 *
 * and reads fd 3 until its end. The daemon writes exactly one line of JSON there and closes it:
 *
 *   {"ready":true,"version":"0.1.0","pid":123,"socket":"/run/user/1000/remote/remote.sock"}   it listens now
 *   {"error":{"code":"corrupt","message":"…","hint":"…"}}                                     an ErrorBody; it has exited or will
 *
 * The end of the pipe without a line means that it crashed: the story is in daemon.log. Wait at most 20 s. A daemon that finds
 * another one running answers for it (`ready` with the other's pid and version, once that one listens) and exits 0, so any
 * number of CLIs may start one at the same time. Then `unref()` the child and destroy the pipe.
 *
 * REMOTE_SESSION must not be passed on: it marks the processes of a session, which are killed with it.
 */

import { closeSync, fstatSync, writeSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import type { ErrorBody } from '../core/contract/error-body.ts'
import { ERRORS, RemoteError } from '../core/contract/remote-error.ts'
import { compileAtOnce } from './compile-at-once.ts'
import { openDaemon } from './daemon.ts'
import { type Ready, waitForOther } from './other-daemon.ts'
import { paths } from './paths.ts'
import { VERSION } from './version.ts'

const IDLE_SECONDS = 30 * 60
const START_MS = 15_000

const answerStarter = (env: NodeJS.ProcessEnv, line: Ready | { error: ErrorBody }) => {
  const fd = Number(env['REMOTE_HANDSHAKE_FD'] ?? -1)
  if (!(fd > 2)) return
  try {
    // A number from an environment that was not meant for us may name anything.
    const facts = fstatSync(fd)
    if (!facts.isFIFO() && !facts.isSocket()) return
    writeSync(fd, `${JSON.stringify(line)}\n`)
    closeSync(fd)
  } catch (error) {
    // Whoever started us is gone: others may come.
    console.error('handshake', error)
  }
}

const run = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const places = paths(env)
  // Most of the daemon is loaded after this line.
  enableCompileCache(env['NODE_COMPILE_CACHE'] ?? join(places.cache, 'compile'))
  const options = {
    paths: places,
    idleSeconds: Number(env['REMOTE_IDLE_SECONDS'] ?? IDLE_SECONDS),
    compose: async (stop: () => void) => {
      const { compose } = await import('./compose.ts')
      return compose({ paths: places, env, stop })
    },
  }
  const deadline = performance.now() + START_MS
  for (;;) {
    const daemon = await openDaemon(options)
    if (!daemon) {
      const other = await waitForOther(places)
      if (other) return answerStarter(env, other)
      if (performance.now() < deadline) continue
      throw new RemoteError('unavailable', `another daemon holds ${places.lock} but does not answer`, {
        hint: `find it: fuser ${places.lock}; end it, then try again`,
      })
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, daemon.stop)
    // The terminal it was started from may close; sessions go on.
    process.on('SIGHUP', () => undefined)
    answerStarter(env, { ready: true, version: VERSION, pid: process.pid, socket: places.socket })
    compileAtOnce()
    await daemon.ended
    return
  }
}

process.on('unhandledRejection', (error) => console.error('unhandled', error))
run(process.env).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(new Date().toISOString(), error)
    const known =
      error instanceof RemoteError
        ? error
        : new RemoteError('bug', 'the daemon cannot start', { hint: `see ${paths(process.env).daemonLog}` })
    answerStarter(process.env, {
      error: { code: known.code, message: known.message, ...(known.hint ? { hint: known.hint } : {}) },
    })
    process.exit(ERRORS[known.code].exit)
  },
)
