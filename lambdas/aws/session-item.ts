import type { Session } from '../../core/contract/session.ts'
import { type Item, type Key, N, number, S, text } from './dynamo-table.ts'
import type { LargeTexts } from './s3-large-texts.ts'

/** How many partitions the indexes spread sessions over: one partition takes 1,000 writes a second. */
const SHARDS = 8
export const SHARD_NAMES = Array.from({ length: SHARDS }, (_, n) => `sessions#${n}`)

/**
 * A longer request lies in the bucket: the record is written with every beat, and paid for by the KB. At 4 KB the beats of an hour
 * cost as much as a hundred objects.
 */
const INLINE_BYTES = 4096

export const partitionOf = (id: string): string => `S#${id}`
export const recordKey = (id: string): Key => ({ pk: partitionOf(id), sk: 'record' })

/** Ids share partitions of an index by as many characters; nobody abbreviates further. */
export const ID_PARTITION_CHARACTERS = 3

/** Sorts sessions by time in an index. */
export const orderOf = ({ createdAt, id }: Pick<Session, 'createdAt' | 'id'>): string => `${createdAt}#${id}`
export const idsOfOrder = (orders: readonly string[]): string[] => orders.map((order) => order.slice(order.indexOf('#') + 1))

/** The last character of an id is random. */
const shardOf = (id: string) => SHARD_NAMES[(id.codePointAt(id.length - 1) ?? 0) % SHARDS] ?? ''

/** Where the timeline ends: the number and hash of its last entry. */
export type Tail = { n: number; hash: string }
export const tailOf = (item: Item): Tail => ({ n: number(item['lastTimelineN']), hash: text(item['lastTimelineHash']) })
export const tailAttributes = ({ n, hash }: Tail): Item => ({ lastTimelineN: N(n), lastTimelineHash: S(hash) })

/** What changes with the record. The request never does, so it is stored beside it, once. */
export const changingAttributes = ({ request: _, ...rest }: Session): Item => ({
  record: S(JSON.stringify(rest)),
  version: N(rest.version),
})

/** Of the sparse index: an ended session loses them. */
export const ACTIVE = ['activePk', 'activeSk'] as const

/** The whole item of a new session; where its request is long, it is put into the bucket first. */
export const newSessionItem = async (session: Session, large: LargeTexts): Promise<Item> => {
  const { id, state } = session
  const request = JSON.stringify(session.request)
  const isLong = Buffer.byteLength(request) > INLINE_BYTES
  const order = { pk: shardOf(id), sk: orderOf(session) }
  return {
    pk: S(partitionOf(id)),
    sk: S('record'),
    ...changingAttributes(session),
    ...(isLong ? { requestAt: S(await large.put(id, request)) } : { request: S(request) }),
    listPk: S(order.pk),
    listSk: S(order.sk),
    ...(state === 'ended' ? {} : { activePk: S(order.pk), activeSk: S(order.sk) }),
    idPk: S(id.slice(0, ID_PARTITION_CHARACTERS)),
    idSk: S(id),
  }
}

export const sessionOfItem = async (item: Item, large: LargeTexts): Promise<Session> => {
  const request = item['request']?.S ?? (await large.get(text(item['requestAt'])))
  return {
    ...(JSON.parse(text(item['record'])) as Omit<Session, 'request'>),
    request: JSON.parse(request) as Session['request'],
  }
}
