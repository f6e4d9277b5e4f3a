import { CROCKFORD } from '../../core/contract/id-patterns.ts'
import type { Session } from '../../core/contract/session.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { type Item, S, type Table, text } from './dynamo-table.ts'
import type { LargeTexts } from './s3-large-texts.ts'
import {
  ID_PARTITION_CHARACTERS,
  idsOfOrder,
  orderOf,
  partitionOf,
  recordKey,
  SHARD_NAMES,
  sessionOfItem,
} from './session-item.ts'

/** A page ends early when it has so much: a function answers with 6 MB at most. */
const PAGE_BYTES = 4_000_000

/** How many of them fit, at least one. */
const fitting = (sessions: readonly Session[]): number => {
  let bytes = 0
  const over = sessions.findIndex((session) => {
    bytes += Buffer.byteLength(JSON.stringify(session))
    return bytes > PAGE_BYTES
  })
  return over === -1 ? sessions.length : Math.max(1, over)
}

/** Lists find ids in an index, which may lag behind by a moment, and read each record as it is. */
export const openSessionLists = (table: Table, large: LargeTexts): Pick<SessionStore, 'list' | 'startingWith'> => {
  const records = async (ids: readonly string[]): Promise<Session[]> => {
    const found = new Map<string, Item>()
    for (const item of await table.some(ids.map(recordKey))) found.set(text(item['pk']), item)
    const stored = ids.map((id) => found.get(partitionOf(id))).filter((item) => item !== undefined)
    return Promise.all(stored.map((item) => sessionOfItem(item, large)))
  }

  /** Sort keys of the newest before `before`, of all shards together. */
  const newest = async (active: boolean, before: string | undefined, limit: number): Promise<string[]> => {
    const [index, pk, sk] = active ? (['active', 'activePk', 'activeSk'] as const) : (['list', 'listPk', 'listSk'] as const)
    const where = before === undefined ? `#${pk} = :shard` : `#${pk} = :shard AND #${sk} < :before`
    const ofShard = async (shard: string) => {
      const values: Item = { shard: S(shard), ...(before === undefined ? {} : { before: S(before) }) }
      return (await table.query({ index, where, values, newestFirst: true, limit })).map((item) => text(item[sk]))
    }
    const all = (await Promise.all(SHARD_NAMES.map(ofShard))).flat()
    return all.sort((a, b) => (a < b ? 1 : -1)).slice(0, limit)
  }

  return {
    startingWith: async (prefix, limit) => {
      const start = prefix.slice(0, ID_PARTITION_CHARACTERS)
      const isWhole = start.length === ID_PARTITION_CHARACTERS
      const partitions = isWhole ? [start] : [...CROCKFORD].map((character) => `s-${character}`)
      const where = '#idPk = :partition AND begins_with(#idSk, :prefix)'
      const found = partitions
        .filter((partition) => partition.startsWith(start))
        .map((partition) => table.query({ index: 'ids', where, values: { partition: S(partition), prefix: S(prefix) } }))
      const orders = (await Promise.all(found)).flat().map((item) => text(item['listSk']))
      return idsOfOrder(orders.sort((a, b) => (a < b ? 1 : -1)).slice(0, limit))
    },

    list: async ({ active, limit, cursor }) => {
      const order = await newest(active, cursor, limit + 1)
      const page = order.slice(0, limit)
      const found = await records(idsOfOrder(page))
      const shown = found.slice(0, fitting(found))
      const last = shown.at(-1)
      const isCut = last !== undefined && shown.length < found.length
      const end = isCut ? orderOf(last) : page.at(-1)
      // The index may not know yet that a session has ended.
      const sessions = active ? shown.filter(({ state }) => state !== 'ended') : shown
      return end !== undefined && (isCut || order.length > limit) ? { sessions, next: end } : { sessions }
    },
  }
}
