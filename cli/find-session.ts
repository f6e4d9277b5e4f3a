import { RemoteError } from '../core/contract/remote-error.ts'
import type { Session } from '../core/contract/session.ts'
import { type Connection, connect } from './connect.ts'
import { askSide, cloudsInUse, connectTo, type Quietly, type Told, warnOf } from './control-planes.ts'
import { Flags } from './flags.ts'
import type { Io } from './io.ts'
import { isCloud, runtimeOf } from './runtime.ts'

export type Found = { connection: Connection; session: Session }

/** `s-` and ten more: it fits one session alone, wherever it is. */
const WHOLE = /^s-[0-9a-z]{10}$/

const get = (id: string) => (connection: Connection) =>
  connection.get('/v1/sessions/:id', { param: { id } }, { once: connection.runtime !== 'local' })

const found = (told: readonly Told<Session>[]): Found[] =>
  told.flatMap((one) => ('value' in one ? [{ connection: one.connection, session: one.value }] : []))

const isElsewhere = ({ code }: RemoteError) => code === 'not_found'

/** What to say when nobody has it: that, unless somebody could not be asked. */
const nobodyHas = (id: string, told: readonly Told<Session>[]): RemoteError => {
  const failures = told.flatMap((one) => ('error' in one ? [one] : []))
  const [first] = failures
  const [silent] = failures.filter(({ error }) => !isElsewhere(error))
  if (silent && failures.some(({ error }) => isElsewhere(error))) {
    const { runtime, error } = silent
    return new RemoteError(error.code, `${id} is not on the other side, and ${runtime} does not say: ${error.message}`, {
      hint: error.hint,
      cause: error,
    })
  }
  return (
    silent?.error ??
    first?.error ??
    new RemoteError('not_found', `there is no session ${id}`, { hint: 'list them: remote status --all' })
  )
}

const onlyOne = async (io: Io, id: string, told: readonly Told<Session>[], quiet: boolean): Promise<Found | undefined> => {
  const [first, second] = found(told)
  if (first && second) {
    const list = found(told).map(({ connection, session }) => `${session.id} (${connection.runtime})`)
    throw new RemoteError('ambiguous', `${id} fits ${list.join(' and ')}`, { hint: 'type more of it' })
  }
  // What fits several on one side is as unclear as before.
  for (const one of told) if ('error' in one && one.error.code === 'ambiguous') throw one.error
  if (first && !quiet) for (const one of told) if ('error' in one && !isElsewhere(one.error)) await warnOf(io, one)
  return first
}

/** A whole id is one session's alone: whoever has it is the answer, and nobody waits for a cloud that is silent. */
const soonest = async (asked: readonly Promise<Told<Session>>[]): Promise<Found | undefined> => {
  const hits = asked.map(async (answer) => {
    const [hit] = found([await answer])
    return hit ?? Promise.reject(new Error('not there'))
  })
  return Promise.any(hits).catch(() => undefined)
}

/**
 * The session that an id or a prefix means, and the control plane that has it. This machine is asked first because it costs nothing; its
 * daemon is not started for it when sessions go to the cloud by default, unless no cloud knows the session.
 */
export const findSession = async (io: Io, id: string, { quiet = false }: Quietly): Promise<Found> => {
  const local = () => connect(io, { quiet })
  const clouds = await cloudsInUse(io)
  if (clouds.length === 0) {
    const connection = local()
    return { connection, session: await get(id)(connection) }
  }
  const start = !isCloud(await runtimeOf(io, new Flags(new Map())))
  const here = askSide('local', async () => connect(io, { quiet, start }), get(id))
  const ask = (runtime: string) => askSide(runtime, () => connectTo(io, runtime, { quiet }), get(id))
  const first = WHOLE.test(id) ? await here : undefined
  if (first && 'value' in first) return { connection: local(), session: first.value }
  const there = clouds.map(ask)
  const sooner = WHOLE.test(id) ? await soonest(there) : undefined
  if (sooner) return sooner
  const [mine, ...others] = await Promise.all([here, ...there])
  const isAsleep = !start && 'error' in mine && mine.error.code === 'unavailable'
  const hit = await onlyOne(io, id, isAsleep ? others : [mine, ...others], quiet)
  if (hit) return hit.connection.runtime === 'local' ? { ...hit, connection: local() } : hit
  const awake = isAsleep ? await askSide('local', async () => local(), get(id)) : mine
  if ('value' in awake) return { connection: awake.connection, session: awake.value }
  throw nobodyHas(id, [awake, ...others])
}
