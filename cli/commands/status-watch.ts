import { setTimeout as pause } from 'node:timers/promises'
import type { ToViewer } from '../../core/contract/frames.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { openBackoff } from '../backoff.ts'
import { type Connection, connect } from '../connect.ts'
import { askSide, connectTo, warnOf } from '../control-planes.ts'
import { DETACHED_EXIT } from '../exit-code.ts'
import { findSession } from '../find-session.ts'
import { canComeBack, isGone } from '../follow/can-come-back.ts'
import type { ViewerSocket } from '../follow/open-socket.ts'
import { write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { type Placed, sessionTable } from '../output/session-table.ts'
import type { Call } from '../verbs/verb.ts'

const TICK_MS = 1000
const AGAIN_MS = 500
const AGAIN_AFAR_MS = 3000
const LONGEST_AGAIN_MS = 30_000

/** The sessions that are shown: all that changed while we watched, newest first. */
class Watched {
  readonly #sessions = new Map<string, Placed>()
  readonly #only: string | undefined
  constructor(only: string | undefined) {
    this.#only = only
  }
  /** False when nothing is new in it. */
  take({ session, where }: Placed): boolean {
    const known = this.#sessions.get(session.id)?.session
    if ((known && known.version >= session.version) || (this.#only !== undefined && session.id !== this.#only)) return false
    this.#sessions.set(session.id, { session, where })
    return true
  }
  get all(): Placed[] {
    return [...this.#sessions.values()].sort((a, b) => b.session.createdAt.localeCompare(a.session.createdAt))
  }
}

/** Redraws a table on a terminal; elsewhere it prints a line per change, and a record per change with --json. */
const painter = ({ io, flags }: Call, watched: Watched) => {
  const isScreen = io.stdout.isTTY === true && !flags.on('json') && !flags.on('quiet')
  const screen = () => {
    const table = sessionTable(watched.all, io.stdout, io.env, Date.now())
    const rows = table
      .split('\n')
      .slice(0, Math.max(2, (io.stdout.rows ?? 24) - 1))
      .join('\n')
    return write(io.stdout, `\u001b[H\u001b[J${rows}`)
  }
  const line = (session: Session) => {
    if (flags.on('json')) return `${JSON.stringify(session)}\n`
    if (flags.on('quiet')) return `${session.id}\n`
    return `${session.id}  ${session.outcome?.outcome ?? session.waiting?.for ?? session.state}  ${oneLine(session.title)}\n`
  }
  return {
    changed: (session: Session) => (isScreen ? screen() : write(io.stdout, line(session))),
    tick: () => (isScreen ? screen() : Promise.resolve()),
  }
}

const readAll = async (socket: ViewerSocket, taken: (session: Session) => Promise<void>) => {
  socket.send({ type: 'watch-all' })
  for await (const message of socket.messages) {
    if ('binary' in message) continue
    const frame = JSON.parse(message.text) as ToViewer
    if (frame.type === 'session') await taken(frame.session)
  }
}

type Taken = (placed: Placed) => Promise<void>
const whereOf = ({ isNear, runtime }: Connection) => (isNear ? undefined : runtime)

/** Every change of one side, over any number of connections, until `signal`. */
const followSide = async (side: Connection, taken: Taken, signal: AbortSignal): Promise<never> => {
  const where = whereOf(side)
  const backoff = openBackoff({ firstMs: AGAIN_AFAR_MS, longestMs: LONGEST_AGAIN_MS })
  for (;;) {
    signal.throwIfAborted()
    try {
      await side.get('/v1/about')
      const socket = await side.openSocket()
      backoff.reset()
      const close = () => socket.close()
      signal.addEventListener('abort', close, { once: true })
      await readAll(socket, (session) => taken({ session, where }))
      signal.removeEventListener('abort', close)
    } catch (error) {
      if (!isGone(error) && !(canComeBack(error) && !side.isNear)) throw error
    }
    await pause(side.isNear ? AGAIN_MS : backoff.next(), undefined, { signal })
  }
}

/** What is shown at first, and the sides that can be followed. */
const openSides = async ({ io, flags }: Call, clouds: readonly string[], taken: Taken): Promise<Connection[]> => {
  const quiet = flags.on('quiet')
  const query = { limit: '100', all: flags.on('all') ? '1' : '0' } as const
  const list = (side: Connection) => side.get('/v1/sessions', { query }, { once: !side.isNear })
  if (clouds.length === 0) {
    const side = connect(io, { quiet })
    for (const session of (await list(side)).sessions.reverse()) await taken({ session })
    return [side]
  }
  const told = await Promise.all([
    askSide('local', async () => connect(io, { quiet }), list),
    ...clouds.map((runtime) => askSide(runtime, () => connectTo(io, runtime, { quiet }), list)),
  ])
  const failed = told.flatMap((one) => ('error' in one ? [one] : []))
  const sides = told.flatMap((one) => ('value' in one ? [one] : []))
  if (failed[0] && sides.length === 0) throw failed[0].error
  for (const one of failed) await warnOf(io, one)
  for (const { connection, value } of sides) {
    for (const session of value.sessions.reverse()) await taken({ session, where: whereOf(connection) })
  }
  return sides.map(({ connection }) => connection)
}

/** `remote status --watch`: until Ctrl-C, over any number of daemons. */
export const watchStatus = async (call: Call, clouds: readonly string[]): Promise<number> => {
  const { io, args, flags } = call
  const [prefix] = args
  const only = prefix === undefined ? undefined : await findSession(io, prefix, { quiet: flags.on('quiet') })
  const watched = new Watched(only?.session.id)
  const paint = painter(call, watched)
  const taken = async (placed: Placed) => {
    if (watched.take(placed)) await paint.changed(placed.session)
  }
  if (only) await taken({ session: only.session, where: whereOf(only.connection) })
  const sides = only ? [only.connection] : await openSides(call, clouds, taken)

  const leave = new AbortController()
  const left = Promise.withResolvers<number>()
  const release = io.onInterrupt(() => {
    leave.abort()
    left.resolve(DETACHED_EXIT)
  })
  const timer = setInterval(() => paint.tick().catch(left.reject), TICK_MS)
  const follow = async (side: Connection): Promise<never> => {
    try {
      return await followSide(side, taken, leave.signal)
    } catch (error) {
      // Others go on: what is known of this one stays.
      if (sides.length === 1 || leave.signal.aborted || !(error instanceof RemoteError)) throw error
      await warnOf(io, { runtime: side.runtime, error })
      return new Promise<never>(() => undefined)
    }
  }
  try {
    return await Promise.race([left.promise, ...sides.map(follow)])
  } catch (error) {
    if (leave.signal.aborted) return DETACHED_EXIT
    throw error
  } finally {
    clearInterval(timer)
    leave.abort()
    release()
  }
}
