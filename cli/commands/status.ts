import type { Session } from '../../core/contract/session.ts'
import type { More } from '../api.ts'
import { type Connection, connect } from '../connect.ts'
import { askSide, cloudsInUse, connectTo, type Told, warnOf } from '../control-planes.ts'
import { write } from '../io.ts'
import { type Placed, sessionTable } from '../output/session-table.ts'
import type { Call, Command } from '../verbs/verb.ts'

type SessionList = { sessions: Session[]; next?: string | undefined }

const PAGE = '500'

/** Sessions, newest first: those under way, or all. */
const listSessions = async (connection: Connection, all: boolean, more: More = {}): Promise<Placed[]> => {
  const placed: Placed[] = []
  let cursor: string | undefined
  do {
    const query = { limit: PAGE, all: all ? '1' : '0', cursor } as const
    const page: SessionList = await connection.get('/v1/sessions', { query }, more)
    placed.push(...page.sessions.map((session) => ({ session, where: connection.isNear ? undefined : connection.runtime })))
    cursor = page.next
  } while (cursor !== undefined)
  return placed
}

/** All sides at once. One that is slow or fails hides nothing of the others; it is said. */
const listAll = async ({ io, flags }: Call, clouds: readonly string[]): Promise<Placed[]> => {
  const quiet = flags.on('quiet')
  const all = flags.on('all')
  const here = async () => connect(io, { quiet })
  const told: Told<Placed[]>[] = await Promise.all([
    askSide('local', here, (side) => listSessions(side, all)),
    ...clouds.map((runtime) =>
      askSide(
        runtime,
        () => connectTo(io, runtime, { quiet }),
        (side) => listSessions(side, all, { once: true }),
      ),
    ),
  ])
  const failed = told.flatMap((one) => ('error' in one ? [one] : []))
  if (failed[0] && failed.length === told.length) throw failed[0].error
  for (const one of failed) await warnOf(io, one)
  return told
    .flatMap((one) => ('value' in one ? one.value : []))
    .sort((a, b) => b.session.createdAt.localeCompare(a.session.createdAt))
}

const asked = async (call: Call, clouds: readonly string[]): Promise<Placed[]> => {
  const { io, args, flags } = call
  const [id] = args
  const quiet = flags.on('quiet')
  if (id !== undefined) {
    const { findSession } = await import('../find-session.ts')
    const { connection, session } = await findSession(io, id, { quiet })
    return [{ session, where: connection.isNear ? undefined : connection.runtime }]
  }
  return clouds.length === 0 ? listSessions(connect(io, { quiet }), flags.on('all')) : listAll(call, clouds)
}

export const status: Command = async (call) => {
  const { io, args, flags } = call
  const clouds = await cloudsInUse(io)
  if (flags.on('watch')) return (await import('./status-watch.ts')).watchStatus(call, clouds)
  const placed = await asked(call, clouds)
  const sessions = placed.map(({ session }) => session)
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(args[0] === undefined ? { sessions } : sessions[0])}\n`)
  else if (flags.on('quiet')) await write(io.stdout, sessions.map((session) => `${session.id}\n`).join(''))
  else if (sessions.length === 0)
    await write(io.stderr, `no sessions${flags.on('all') ? '' : ' under way; ended ones too: remote status --all'}\n`)
  else await write(io.stdout, sessionTable(placed, io.stdout, io.env, Date.now()))
  return 0
}
