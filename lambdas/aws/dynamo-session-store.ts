import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { auditItem, type Kept } from './dynamo-audit-log.ts'
import { spentItems } from './dynamo-ledger.ts'
import { type Key, number, openTable, S, type TableOptions, text } from './dynamo-table.ts'
import type { LargeTexts } from './s3-large-texts.ts'
import {
  ACTIVE,
  changingAttributes,
  newSessionItem,
  partitionOf,
  recordKey,
  sessionOfItem,
  type Tail,
  tailAttributes,
  tailOf,
} from './session-item.ts'
import { openSessionLists } from './session-lists.ts'
import { AFTER_TIMELINE, isTimelineItem, readTimeline, timelineItems } from './timeline-items.ts'

const keyItem = (key: string): Key => ({ pk: `K#${key}`, sk: 'key' })

/**
 * Sessions in the table: the record, its timeline beside it, its idempotency key. What is asked by id is read consistently; lists
 * find ids in an index, which may lag behind by a moment, and read each record as it is.
 */
export const openDynamoSessionStore = ({
  large,
  clock,
  ...options
}: TableOptions & Kept & { large: LargeTexts; clock: Clock }): SessionStore => {
  const table = openTable(options)
  const now = () => new Date(clock.now()).toISOString()

  const get = async (id: string): Promise<Session | undefined> => {
    const item = await table.get(recordKey(id))
    return item && sessionOfItem(item, large)
  }

  const withKey = async (key: string) => {
    const known = await table.get(keyItem(key))
    const session = known && (await get(text(known['session'])))
    return session && { session, bodyHash: text(known['bodyHash']) }
  }

  /** The stored tail of the timeline, if the record has that version still. */
  const tailAt = async (id: string, version: number): Promise<Tail | undefined> => {
    const item = await table.get(recordKey(id))
    return item && number(item['version']) === version ? tailOf(item) : undefined
  }

  return {
    ...openSessionLists(table, large),
    get,
    withKey,

    insert: async (session, key, first) => {
      const { items, tail, audit } = await timelineItems(session.id, { n: 0, hash: '' }, [first], now())
      const record = { ...(await newSessionItem(session, large)), ...tailAttributes(tail) }
      const isNew = 'attribute_not_exists(pk)'
      const known = key && { pk: S(keyItem(key.value).pk), sk: S('key'), bodyHash: S(key.bodyHash), session: S(session.id) }
      const written = await table.write([
        { put: record, if: isNew },
        ...[...items, ...audit.map((entry) => auditItem(entry, options))].map((put) => ({ put })),
        ...(known ? [{ put: known, if: isNew }] : []),
      ])
      if (written) return { done: 'inserted', session }
      const before = key && (await withKey(key.value))
      if (before && before.bodyHash !== key.bodyHash) return { done: 'conflict' }
      // The same id: it was this very call, whose answer was lost.
      if (before) return { done: before.session.id === session.id ? 'inserted' : 'existing', session: before.session }
      throw new RemoteError('conflict', `there is a session ${session.id} already`, { hint: 'dispatch again' })
    },

    save: async (next, notes, spent) => {
      const before = next.version - 1
      const set = changingAttributes(next)
      const update = {
        update: recordKey(next.id),
        set,
        remove: next.state === 'ended' ? ACTIVE : [],
        if: '#version = :before',
        values: { before: { N: String(before) } },
      }
      const counted = spent ? spentItems(next.id, spent) : []
      if (notes.length === 0) return counted.length === 0 ? table.update(update) : table.write([update, ...counted])
      const tail = await tailAt(next.id, before)
      if (!tail) return false
      const more = await timelineItems(next.id, tail, notes, now())
      return table.write([
        { ...update, set: { ...set, ...tailAttributes(more.tail) } },
        ...[...more.items, ...more.audit.map((entry) => auditItem(entry, options))].map((put) => ({ put })),
        ...counted,
      ])
    },

    timeline: async (id) => {
      const where = '#pk = :pk AND #sk BETWEEN :first AND :last'
      const values = { pk: S(partitionOf(id)), first: S('record'), last: S(AFTER_TIMELINE) }
      const items = await table.query({ where, values })
      const record = items.find((item) => text(item['sk']) === 'record')
      return readTimeline(items.filter(isTimelineItem), record ? tailOf(record) : { n: 0, hash: '' })
    },
  }
}
