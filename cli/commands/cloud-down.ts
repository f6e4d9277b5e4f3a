import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { regionRuntime } from '../cloud/region-runtime.ts'
import { confirm } from '../confirm.ts'
import { findSession } from '../find-session.ts'
import { waitForEnd } from '../follow/wait-for-end.ts'
import { type Io, write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { isTerminal, type Seated, terminalsIn } from '../terminal/live-terminals.ts'
import { shownMoney } from '../values/money.ts'
import type { Call, Command } from '../verbs/verb.ts'

const nothingUp = (runtime: string) =>
  new RemoteError('not_found', `no terminal is up in ${runtime}`, { hint: 'see what is up: remote cloud status' })

const oneOf = async (io: Io, id: string, quiet: boolean): Promise<Seated[]> => {
  const { connection, session } = await findSession(io, id, { quiet })
  if (!connection.isNear && isTerminal(session)) return session.state === 'ended' ? [] : [{ connection, session }]
  throw new RemoteError('refused', `${session.id} is no terminal in the cloud`, {
    hint: `end it: remote terminate ${session.id}`,
  })
}

const noneOfYours = (names: readonly string[], others: number) =>
  new RemoteError('not_found', `no terminal of yours is up (you are ${names.join(', ')}), and ${others} of others`, {
    hint: 'see whose they are: remote cloud status; end one: remote cloud down SESSION, or everybody’s: --all',
  })

/** Those that the caller made. A control plane that does not say yet who calls has them all. */
const yoursOf = async (up: readonly Seated[]): Promise<{ yours: Seated[]; names: string[] }> => {
  const connections = [...new Set(up.map(({ connection }) => connection))]
  const named = new Map(
    await Promise.all(connections.map(async (connection) => [connection, (await connection.get('/v1/about')).you] as const)),
  )
  const isYours = ({ connection, session }: Seated) => [undefined, session.by].includes(named.get(connection))
  return { yours: up.filter(isYours), names: [...new Set(named.values())].map((name) => oneLine(name ?? '?')) }
}

/** Your own; several are ended when somebody says so. */
const allOf = async ({ io, flags }: Pick<Call, 'io' | 'flags'>, quiet: boolean): Promise<Seated[]> => {
  const runtime = regionRuntime(flags)
  const everybodys = await terminalsIn(io, runtime, quiet)
  if (flags.on('all')) return everybodys
  if (everybodys.length === 0) throw nothingUp(runtime)
  const { yours: up, names } = await yoursOf(everybodys)
  if (up.length === 0) throw noneOfYours(names, everybodys.length)
  if (up.length === 1) return up
  const line = ({ connection, session: { id, title, by } }: Seated) =>
    `  ${id}  ${oneLine(title)}  ${oneLine(by)}${connection.runtime === 'cloud' ? '' : `  ${connection.runtime}`}\n`
  const list = up.map(line).join('')
  await write(io.stderr, list)
  await confirm(io, {
    question: `End these ${up.length}?`,
    what: 'this ends several machines',
    declined: 'nothing was ended',
    verb: 'remote cloud down --yes',
    isSure: flags.on('yes'),
  })
  return up
}

export const cloudDown: Command = async ({ io, args: [id], flags }) => {
  const quiet = flags.on('quiet')
  const json = flags.on('json')
  if (id !== undefined && flags.on('all'))
    throw new RemoteError('usage', 'a session and --all exclude each other', { hint: 'give one of them' })
  const up = id === undefined ? await allOf({ io, flags }, quiet) : await oneOf(io, id, quiet)
  const end = async ({ connection, session: { id: each } }: Seated): Promise<Session> => {
    const asked = await connection.post('/v1/sessions/:id/terminate', { param: { id: each }, json: { now: false } })
    const ended = asked.state === 'ended' ? asked : await waitForEnd(connection, asked)
    if (quiet && !json) await write(io.stdout, `${each}\n`)
    else if (!json) await write(io.stderr, `${each} is down; it cost ${shownMoney(ended.cost.totalUsd)}\n`)
    return ended
  }
  const ended = await Promise.all(up.map(end))
  if (json) await write(io.stdout, `${JSON.stringify({ sessions: ended })}\n`)
  else if (up.length === 0 && !quiet) await write(io.stderr, 'nothing is up\n')
  return 0
}
