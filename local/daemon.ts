import { once } from 'node:events'
import { chmodSync, existsSync, unlinkSync, watch } from 'node:fs'
import type { Composition } from './compose.ts'
import { takeDaemonLock } from './daemon-lock.ts'
import { answerNoRequest, fetchListener } from './http/fetch-listener.ts'
import { http, type Server } from './http/node-http.ts'
import { openSocketUpgrade } from './http/socket-upgrade.ts'
import type { Paths } from './paths.ts'
import { findStaleSocket, makePrivateDirectory } from './private-directory.ts'
import { VERSION } from './version.ts'

const STOP_SECONDS = 5

export type DaemonOptions = {
  paths: Paths
  /** Without sessions, connections and requests for so long it ends by itself. */
  idleSeconds: number
  /** Builds everything behind the socket; called only by the one that holds the lock. `stop` ends the daemon gracefully. */
  compose(stop: () => void): Promise<Composition>
}

export type Daemon = {
  /** Resolves when it has ended, gracefully. */
  ended: Promise<void>
  stop(): void
}

const listen = async (server: Server, paths: Paths) => {
  // We hold the lock, so nobody listens on what lies there.
  if (findStaleSocket(paths.socket)) unlinkSync(paths.socket)
  server.listen(paths.socket)
  await once(server, 'listening')
  chmodSync(paths.socket, 0o600)
}

/**
 * Without its socket nobody finds the daemon, and its lock keeps every other from starting: whoever removes where it keeps things, as one
 * does to begin anew, means it to end. Runners go on, and the next one finds them. Where the system has no watch to spare it goes without.
 */
const watchSocket = ({ run, socket }: Paths, gone: () => void): { close(): void } => {
  try {
    const watcher = watch(run, () => existsSync(socket) || gone())
    watcher.on('error', () => existsSync(socket) || gone())
    return watcher
  } catch (error) {
    console.error('the socket is not watched', error)
    return { close: () => undefined }
  }
}

/** Calls `expired` when nothing has happened for `seconds` and `isBusy` says no. */
const watchIdleness = (seconds: number, isBusy: () => boolean, expired: () => void) => {
  const look = () => (isBusy() ? touch() : expired())
  let timer = setTimeout(look, seconds * 1000)
  const touch = () => {
    clearTimeout(timer)
    timer = setTimeout(look, seconds * 1000)
  }
  return { touch, end: () => clearTimeout(timer) }
}

const withDeadline = (work: Promise<unknown>, seconds: number) => {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, seconds * 1000)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}

/** Undefined when another process is the daemon. Throws a RemoteError when there can be none. */
export const openDaemon = async ({ paths, idleSeconds, compose }: DaemonOptions): Promise<Daemon | undefined> => {
  makePrivateDirectory(paths.data)
  makePrivateDirectory(paths.run)
  const lock = takeDaemonLock(paths.lock)
  if (!lock) return undefined
  const asked = Promise.withResolvers<void>()
  const stop = () => asked.resolve()
  try {
    const composition = await compose(stop)
    const sockets = openSocketUpgrade(composition.hub)
    const idleness = watchIdleness(idleSeconds, () => sockets.open > 0 || composition.isActive(), stop)
    let ending = false
    const listener = fetchListener(composition.api, VERSION)
    const server = http.createServer((request, response) => {
      idleness.touch()
      // A connection that was at work when the end began must not stay open, idle, for the next request.
      response.on('close', () => ending && server.closeIdleConnections())
      return listener(request, response)
    })
    server.on('clientError', answerNoRequest)
    server.on('upgrade', (request, socket, head) => {
      idleness.touch()
      sockets.upgrade(request, socket, head)
    })
    await listen(server, paths)
    const watcher = watchSocket(paths, stop)
    composition.start()
    // The platform's Request and Response are loaded with their first use: here, while the starter reads that we are ready.
    setImmediate(() => composition.api.fetch(new Request('http://localhost/v1/about')))

    const end = async () => {
      await asked.promise
      ending = true
      idleness.end()
      watcher.close()
      // Nobody new comes in; runners and viewers are told to come again; steps under way are finished.
      const closed = new Promise((resolve) => server.close(resolve))
      sockets.close()
      server.closeIdleConnections()
      await withDeadline(Promise.all([closed, composition.settle()]), STOP_SECONDS)
      server.closeAllConnections()
      composition.close()
      lock.release()
    }
    return { ended: end(), stop }
  } catch (error) {
    lock.release()
    throw error
  }
}
