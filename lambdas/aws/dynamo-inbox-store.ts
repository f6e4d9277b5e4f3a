import type { Clock } from '../../core/ports/clock.ts'
import type { InboxStore, StoredItem } from '../../core/ports/inbox-store.ts'
import { type Item, openTable, S, type TableOptions, text } from './dynamo-table.ts'
import type { LargeTexts } from './s3-large-texts.ts'

/** A write of so much costs as much as an object. */
const INLINE_BYTES = 8192
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 500

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const sortKey = (n: number) => `inbox#${String(n).padStart(8, '0')}`
const numberOf = (item: Item | undefined) => Number(text(item?.['sk']).slice('inbox#'.length))

/**
 * Items `S#<session>` / `inbox#<n>`. A number is taken by whoever stores an item under it first: an item is only there when all
 * before it are, so that a runner that has handled one has missed none.
 */
export const openDynamoInboxStore = ({
  large,
  clock,
  ...options
}: TableOptions & { large: LargeTexts; clock: Clock }): InboxStore => {
  const table = openTable(options)

  const lastNumber = async (session: string): Promise<number> => {
    const where = '#pk = :pk AND begins_with(#sk, :inbox)'
    const values = { pk: S(`S#${session}`), inbox: S('inbox#') }
    const [last] = await table.query({ where, values, newestFirst: true, limit: 1 })
    return last ? numberOf(last) : 0
  }

  const itemOf = async (item: Item): Promise<StoredItem> => {
    const stored = item['item']?.S ?? (await large.get(text(item['itemAt'])))
    return { n: numberOf(item), ...(JSON.parse(stored) as Omit<StoredItem, 'n'>) }
  }

  return {
    append: async (session, message, by) => {
      const item = { at: new Date(clock.now()).toISOString(), by, message }
      const stored = JSON.stringify(item)
      const isLong = Buffer.byteLength(stored) > INLINE_BYTES
      const body: Item = isLong ? { itemAt: S(await large.put(session, stored)) } : { item: S(stored) }
      // Tells this call's item from another's when the SDK repeats a call whose answer was lost.
      const writer = crypto.randomUUID()
      for (let losses = 0; ; losses += 1) {
        const n = (await lastNumber(session)) + 1
        const taken = await table.putNew({ pk: S(`S#${session}`), sk: S(sortKey(n)), writer: S(writer), ...body })
        if (!taken || text(taken['writer']) === writer) return { n, ...item }
        // Somebody else got the number: each such loss is somebody's success, and the more there are the longer each waits.
        await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (losses + 1)))
      }
    },
    after: async (session, after) => {
      const where = '#pk = :pk AND #sk BETWEEN :first AND :last'
      const values = { pk: S(`S#${session}`), first: S(sortKey(after + 1)), last: S('inbox#:') }
      return Promise.all((await table.query({ where, values })).map(itemOf))
    },
  }
}
