import type { Clock } from '../../core/ports/clock.ts'
import { type Item, N, number, openTable, S, type TableOptions, text } from './dynamo-table.ts'

/** Who holds a connection. A viewer looks at nothing until it says at what. */
export type Connection =
  | { role: 'runner'; session: string; attempt: number }
  /** `by`: who connected. `typed`: that they typed into that session is noted. */
  | { role: 'viewer'; session?: string | undefined; by: string; typed?: boolean }
  | { role: 'table'; by: string }

export interface ConnectionStore {
  /** Instead of what it was before. */
  put(connection: string, who: Connection): Promise<void>
  get(connection: string): Promise<Connection | undefined>
  /** It is noted that a viewer typed into that session, until it looks at another. */
  typed(connection: string, session: string): Promise<void>
  /** May be repeated; answers who it was, the first time. */
  forget(connection: string): Promise<Connection | undefined>
  /** A frame for it found nobody: forgotten, unless it may only just be being made. */
  missed(connection: string): Promise<void>
  viewers(session: string): Promise<string[]>
  /** Of the last attempt the connection that was made last: one that broke may not have been told of. */
  runner(session: string): Promise<string | undefined>
  /** Those who look at every session. */
  tables(): Promise<string[]>
}

/** API Gateway cuts a connection after two hours, and may fail to tell. */
const KEPT_SECONDS = 3 * 3600
/**
 * It is put while API Gateway waits for `$connect`, for 29 s at most, and is not there before that: https://repost.aws/knowledge-center/410-gone-api-gateway
 * Forgotten then, a runner would be heard by nobody until its connection is cut, two hours later.
 */
const BEING_MADE_SECONDS = 30

const home = (connection: string) => ({ pk: `C#${connection}`, sk: 'connection' })
const TABLES = 'tables'
/** Where those are found who look at, or work for, the same. */
const listed = (connection: string, who: Connection) => {
  if (who.role === 'table') return { pk: TABLES, sk: connection }
  if (who.role === 'runner') return { pk: `S#${who.session}`, sk: `runner#${String(who.attempt).padStart(4, '0')}#${connection}` }
  return who.session === undefined ? undefined : { pk: `S#${who.session}`, sk: `viewer#${connection}` }
}
const connectionIn = (sortKey: string) => sortKey.slice(sortKey.lastIndexOf('#') + 1)

/** Items `C#<connection>` / `connection`, and beside the session they concern. All expire. */
export const openDynamoConnectionStore = ({ clock, ...options }: TableOptions & { clock: Clock }): ConnectionStore => {
  const table = openTable(options)

  const get = async (connection: string): Promise<Connection | undefined> => {
    const item = await table.get(home(connection))
    const role = text(item?.['role'])
    const session = text(item?.['session']) || undefined
    if (role === 'runner' && session) return { role, session, attempt: number(item?.['attempt']) }
    const by = text(item?.['by']) || 'unknown' // of before it was recorded
    if (role === 'table') return { role, by }
    if (role !== 'viewer') return undefined
    return { role, session, by, ...(item?.['typed'] && { typed: true }) }
  }
  /** Without those that have expired: the table removes them in its own time, which may be days. */
  const starting = async (pk: string, prefix: string): Promise<Item[]> => {
    const found = await table.query({
      where: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      values: { pk: S(pk), ...(prefix === '' ? {} : { prefix: S(prefix) }) },
    })
    return found.filter((item) => number(item['expires']) * 1000 > clock.now())
  }
  const forget = async (connection: string): Promise<Connection | undefined> => {
    const who = await get(connection)
    if (!who) return undefined
    const place = listed(connection, who)
    if (place) await table.delete(place)
    await table.delete(home(connection))
    return who
  }
  const idsOf = (items: readonly Item[]) => items.map((item) => connectionIn(text(item['sk'])))
  /** `runner#<attempt>`, then the time. */
  const order = (item: Item) => `${text(item['sk']).split('#')[1]}#${text(item['at'])}`

  return {
    put: async (connection, who) => {
      const expires = N(Math.floor(clock.now() / 1000) + KEPT_SECONDS)
      const place = listed(connection, who)
      const before = who.role === 'runner' ? undefined : await get(connection)
      const left = before && listed(connection, before)
      if (left && (left.pk !== place?.pk || left.sk !== place.sk)) await table.delete(left)
      const session = 'session' in who && who.session !== undefined ? { session: S(who.session) } : {}
      const attempt = who.role === 'runner' ? { attempt: N(who.attempt) } : {}
      const person = 'by' in who ? { by: S(who.by) } : {}
      const { pk, sk } = home(connection)
      await table.put({ put: { pk: S(pk), sk: S(sk), role: S(who.role), ...session, ...attempt, ...person, expires } })
      const at = S(new Date(clock.now()).toISOString())
      if (place) await table.put({ put: { pk: S(place.pk), sk: S(place.sk), at, expires } })
    },
    get,
    typed: async (connection, session) => {
      const values = { session: S(session) }
      await table.update({ update: home(connection), set: { typed: N(1) }, if: '#session = :session', values })
    },
    forget,
    missed: async (connection) => {
      const expires = number((await table.get(home(connection)))?.['expires'])
      if (clock.now() / 1000 > expires - KEPT_SECONDS + BEING_MADE_SECONDS) await forget(connection)
    },
    viewers: async (session) => idsOf(await starting(`S#${session}`, 'viewer#')),
    runner: async (session) => {
      const all = await starting(`S#${session}`, 'runner#')
      return idsOf(all.sort((a, b) => (order(a) < order(b) ? -1 : 1))).at(-1)
    },
    tables: async () => idsOf(await starting(TABLES, '')),
  }
}
