import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { askSide, cloudsInUse, connectTo, warnOf } from '../control-planes.ts'
import type { Io } from '../io.ts'

const PAGE = '500'

export const isTerminal = ({ request }: Session): boolean => request.agent === 'terminal'
const isStaying = ({ state, stop, ending }: Session) => state !== 'ended' && !stop && !ending

/** Terminal sessions of one side that are there or about to be, newest first. */
export const liveTerminals = async (connection: Connection): Promise<Session[]> => {
  const found: Session[] = []
  let cursor: string | undefined
  do {
    const page = await connection.get('/v1/sessions', { query: { limit: PAGE, all: '0', cursor } })
    found.push(...page.sessions.filter((session) => isTerminal(session) && isStaying(session)))
    cursor = page.next
  } while (cursor !== undefined)
  return found.sort((a, b) => b.createdAt.localeCompare(a.createdAt))
}

export type Seated = { connection: Connection; session: Session }

/** The same of where a runtime is; bare `cloud` is all of them, and one that does not answer hides nothing of the others. */
export const terminalsIn = async (io: Io, runtime: string, quiet: boolean): Promise<Seated[]> => {
  const all = runtime === 'cloud' ? await cloudsInUse(io) : []
  if (all.length <= 1) {
    const connection = await connectTo(io, runtime, { quiet })
    return (await liveTerminals(connection)).map((session) => ({ connection, session }))
  }
  const told = await Promise.all(all.map((one) => askSide(one, () => connectTo(io, one, { quiet }), liveTerminals)))
  const failed = told.flatMap((one) => ('error' in one ? [one] : []))
  if (failed[0] && failed.length === told.length) throw failed[0].error
  for (const one of failed) await warnOf(io, one)
  return told
    .flatMap((one) => ('value' in one ? one.value.map((session) => ({ connection: one.connection, session })) : []))
    .sort((a, b) => b.session.createdAt.localeCompare(a.session.createdAt))
}
