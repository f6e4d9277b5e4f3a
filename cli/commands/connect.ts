import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { connectTo } from '../control-planes.ts'
import { type Found, findSession } from '../find-session.ts'
import type { Flags } from '../flags.ts'
import { tailStart } from '../follow/start-of.ts'
import type { Io } from '../io.ts'
import { checkRuntime, isCloud, runtimeOf } from '../runtime.ts'
import { endOfTerminal } from '../terminal/end-of-terminal.ts'
import { isTerminal, liveTerminals, terminalsIn } from '../terminal/live-terminals.ts'
import { newTerminal } from '../terminal/new-terminal.ts'
import { seeTerminal } from '../terminal/see-terminal.ts'
import type { Command } from '../verbs/verb.ts'

type Seat = { connection: Connection; session: Session; isOurs: boolean }

/** Pieces of output that are looked at for what is on the screen. */
const SCREEN_EVENTS = 2000
const START = { attempt: 1, seq: 1 }

const over = ({ id }: Session) =>
  new RemoteError('conflict', `${id} has ended, and its machine is gone`, {
    hint: `what it printed: remote logs ${id}   a terminal of your own: remote connect`,
  })

/** Beside another agent: the terminal that is there already, else one of its own on the same machine. */
const seatBeside = async (io: Io, { connection, session }: Found, flags: Flags): Promise<Seat> => {
  const there = (await liveTerminals(connection)).find(({ request }) => request.with === session.id)
  if (there) return { connection, session: there, isOurs: false }
  const name = `beside ${session.id}`
  const made = await newTerminal({ io, connection, flags, name, more: { with: session.id } })
  return { connection, session: made, isOurs: true }
}

const seatAt = async (io: Io, id: string, flags: Flags): Promise<Seat> => {
  const found = await findSession(io, id, { quiet: flags.on('quiet') })
  if (found.session.state === 'ended') throw over(found.session)
  return isTerminal(found.session) ? { ...found, isOurs: false } : seatBeside(io, found, flags)
}

const seatIn = async (io: Io, runtime: string, flags: Flags): Promise<Seat> => {
  const quiet = flags.on('quiet')
  const [newest] = await terminalsIn(io, runtime, quiet)
  if (newest) return { ...newest, isOurs: false }
  if (isCloud(runtime))
    throw new RemoteError('not_found', `no terminal runs in ${runtime}`, {
      hint: `make one: remote cloud up${runtime === 'cloud' ? '' : ` --region ${runtime.slice('cloud:'.length)}`}`,
    })
  const connection = await connectTo(io, runtime, { quiet })
  return { connection, session: await newTerminal({ io, connection, flags, name: 'terminal' }), isOurs: true }
}

export const connectTerminal: Command = async ({ io, args: [place], flags }) => {
  const quiet = flags.on('quiet')
  const isSession = place?.startsWith('s-') === true
  const runtime = async () => (place === undefined ? runtimeOf(io, flags) : checkRuntime(place))
  const { connection, session, isOurs } = isSession ? await seatAt(io, place, flags) : await seatIn(io, await runtime(), flags)
  const tail = flags.number('tail')
  const json = flags.on('json')
  const log = isOurs
    ? undefined
    : await connection.get('/v1/sessions/:id/log', { param: { id: session.id }, query: { from: '1.0' } })
  const last = log?.attempts.findLast((part) => part.last > 0)
  const ended = await seeTerminal({
    ...{ io, connection, session, quiet, isOurs, aside: json },
    from: log ? tailStart(log, tail ?? SCREEN_EVENTS) : START,
    replayed: tail === undefined && last ? { attempt: last.attempt, seq: last.last } : undefined,
  })
  return endOfTerminal({ io, connection, session, ended, quiet, json })
}
