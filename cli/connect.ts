import { lstatSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { RemoteError } from '../core/contract/remote-error.ts'
import type { BundleFacts } from '../core/contract/repository.ts'
import { type Paths, paths } from '../local/paths.ts'
import { type Ask, type Input, type Method, type More, pathOf } from './api.ts'
import { type Answer, type Call, type Client, request, requestBytes } from './client.ts'
import type { ViewerSocket } from './follow/open-socket.ts'
import { type Io, write } from './io.ts'
import { version } from './version.ts'

/** The daemon is being replaced: connections break for so long at most. */
const PAUSES_MS = [20, 50, 100, 200, 400, 800, 1500]

export type OutgoingBundle = {
  sha256: string
  file: string
  bytes: number
  facts: BundleFacts
  onBytes(sent: number): void
}

export type Connection = Client & {
  /** What the user calls it: `local`, `cloud`, `cloud:REGION`. */
  readonly runtime: string
  /** On this machine: bytes cost nothing. */
  readonly isNear: boolean
  readonly paths: Paths
  /** Makes sure that somebody listens. */
  wake(): Promise<void>
  openSocket(): Promise<ViewerSocket>
  /** Stores a git bundle over there. */
  sendBundle(bundle: OutgoingBundle): Promise<void>
}

export const pathsOf = (env: NodeJS.ProcessEnv): Paths => paths(env)

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const isAbsent = (error: unknown) => ['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '')
/** The connection broke after the request may have been read. */
const isBroken = (error: unknown) => ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '')

const foreign = (path: string, cause?: unknown) =>
  new RemoteError('refused', `${path} belongs to somebody else, so nothing is said to whoever listens there`, {
    hint: 'remove it, or set REMOTE_HOME to a directory of your own',
    cause,
  })

/** In a directory that others can write to, anybody could listen in our place. */
const checkOwner = ({ run, socket }: Paths) => {
  const own = process.getuid?.()
  for (const path of [run, socket]) {
    const facts = lstatSync(path, { throwIfNoEntry: false })
    if (facts && own !== undefined && facts.uid !== own) throw foreign(path)
  }
}

const ownName = () => {
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    return 'unknown' // a uid without an account
  }
}
const named = (env: NodeJS.ProcessEnv) => (env['USER'] || env['LOGNAME'] || ownName()).replace(/[^\x20-\x7e]/g, '?').slice(0, 128)

/** The local control plane, started by the first call that finds nobody there. `quiet` keeps remarks to itself. */
export const connect = (io: Pick<Io, 'env' | 'stderr'>, options: { quiet?: boolean; start?: boolean } = {}): Connection => {
  const places = paths(io.env)
  const { socket } = places
  let remarked = options.quiet === true

  const remark = async (theirs: string | undefined) => {
    if (remarked || theirs === undefined) return
    remarked = true
    const own = version()
    if (theirs === own) return
    await write(
      io.stderr,
      `the daemon is version ${theirs}, this is ${own}: \`remote serve --restart\` replaces it, sessions go on\n`,
    )
  }

  const wake = async () => {
    if (options.start === false) throw new RemoteError('unavailable', 'no daemon is running', { hint: 'start it: remote serve' })
    const { startDaemon } = await import('./start-daemon.ts')
    await remark((await startDaemon(io.env, places)).version)
  }

  /** Over any number of daemons: one may be ended, killed or replaced in the middle. */
  const persist = async <T>(repeatable: boolean, work: () => Promise<T>): Promise<T> => {
    checkOwner(places)
    for (let tries = 0; ; tries++) {
      try {
        return await work()
      } catch (error) {
        if (codeOf(error) === 'EACCES') throw foreign(socket, error)
        if (error instanceof RemoteError || !(isAbsent(error) || isBroken(error))) throw error
        if (isBroken(error) && !repeatable)
          throw new RemoteError('unavailable', 'the daemon ended while it was asked: it may have done so, or not', {
            hint: 'see how things are, then ask again: remote status',
            cause: error,
          })
        const wait = PAUSES_MS[tries]
        if (wait === undefined)
          throw new RemoteError('unavailable', 'the daemon does not answer', {
            hint: 'see what is wrong: remote doctor',
            cause: error,
          })
        if (isAbsent(error)) await wake()
        else await pause(wait)
      }
    }
  }

  const call = <T>(method: string, path: string, asked: Call = {}): Promise<Answer<T>> => {
    const headers = { 'x-remote-by': named(io.env), ...asked.headers }
    return persist(method !== 'POST' || 'idempotency-key' in headers, async () => {
      const answer = await request<T>(socket, method, path, { ...asked, headers })
      if (answer.version !== undefined) await remark(answer.version)
      return answer
    })
  }

  // The one place where what travels is taken for what the routes' types say.
  const ask = <M extends Method>(method: M) =>
    (async (path: string, input: Input = {}, more: More = {}) => {
      const body = method === 'post' ? (input.json ?? {}) : input.json
      return (await call<never>(method.toUpperCase(), pathOf(path, input), { ...more, body })).value
    }) as Ask<M>
  return {
    runtime: 'local',
    isNear: true,
    paths: places,
    wake,
    openSocket: async () =>
      (await import('./follow/open-socket.ts')).openSocket({
        url: `ws+unix://${socket}:/v1/socket?role=viewer`,
        headers: { 'x-remote-by': named(io.env) },
      }),
    sendBundle: async (bundle) => {
      const { sendBundle } = await import('./send-bundle.ts')
      return persist(true, () => sendBundle(socket, named(io.env), bundle))
    },
    get: ask('get'),
    post: ask('post'),
    put: ask('put'),
    delete: ask('delete'),
    bytes: (path) => persist(true, () => requestBytes(socket, path)),
  }
}

/** What local/ can find out about this machine; loaded when it is asked for. */
export const localChecks = async () => {
  const [{ canSandbox }, { findCredentials }] = await Promise.all([
    import('../local/sandbox-probe.ts'),
    import('../local/agent-credentials.ts'),
  ])
  return { canSandbox, findCredentials }
}
