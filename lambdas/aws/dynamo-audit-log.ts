import type { AuditEntry } from '../../core/contract/audit.ts'
import type { AuditLog } from '../../core/ports/audit-log.ts'
import { type Item, type Key, N, openTable, S, type TableOptions, text } from './dynamo-table.ts'
import { monthsBetween } from './months-between.ts'

/** A month's entries lie in so many partitions, by the last character of their ids, which is random: one takes 1,000 writes a second. */
const SHARDS = 8

const partition = (month: string, shard: number) => `audit#${month}#${shard}`
const keyOfEntry = (id: string): Key => ({
  pk: partition(id.slice(0, 7), (id.codePointAt(id.length - 1) ?? 0) % SHARDS),
  sk: id,
})

/** Expires after so many days. */
export type Kept = { keptDays: number }

/** An entry's item, for the transaction of what it records. Its end, when it comes later, is an attribute of its own. */
export const auditItem = ({ ended, ...entry }: AuditEntry, { keptDays }: Kept): Item => {
  const { pk, sk } = keyOfEntry(entry.id)
  const expires = N(Math.floor(Date.parse(entry.at) / 1000) + keptDays * 86_400)
  return { pk: S(pk), sk: S(sk), entry: S(JSON.stringify(entry)), ...(ended && { ended: S(JSON.stringify(ended)) }), expires }
}

const entryOf = (item: Item): AuditEntry => {
  const ended = item['ended']
  return {
    ...(JSON.parse(text(item['entry'])) as AuditEntry),
    ...(ended && { ended: JSON.parse(text(ended)) as NonNullable<AuditEntry['ended']> }),
  }
}

/** Items `audit#<month>#<shard>` / `<id>`. */
export const openDynamoAuditLog = ({
  now,
  ...options
}: TableOptions & Kept & { /** Milliseconds since 1970. */ now: () => number }): AuditLog => {
  const table = openTable(options)

  /** At most so many, before `before`: newest first. */
  const ofMonth = async (month: string, since: string, before: string, limit: number) => {
    const ofShard = (_: unknown, shard: number) => {
      const values = { pk: S(partition(month, shard)), since: S(since), before: S(before) }
      return table.query({ where: '#pk = :pk AND #sk BETWEEN :since AND :before', values, newestFirst: true, limit })
    }
    const items = (await Promise.all(Array.from({ length: SHARDS }, ofShard))).flat()
    return items.sort((a, b) => (text(a['sk']) < text(b['sk']) ? 1 : -1))
  }

  return {
    add: async (entry) => {
      await table.putNew(auditItem(entry, options))
    },
    end: async (id, ended) => {
      const condition = 'attribute_exists(pk) AND attribute_not_exists(#ended)'
      await table.update({ update: keyOfEntry(id), set: { ended: S(JSON.stringify(ended)) }, if: condition })
    },
    list: async ({ since, limit, cursor }) => {
      const before = cursor ?? `${new Date(now()).toISOString()}#~`
      const kept = new Date(now() - options.keptDays * 86_400_000).toISOString()
      const oldest = [since, kept].sort()[1] ?? kept
      const found: Item[] = []
      // `before` itself was in the page before, so one more than that.
      for (const month of monthsBetween(oldest, before).reverse()) {
        const items = await ofMonth(month, oldest, before, limit + 2)
        found.push(...items.filter((item) => text(item['sk']) !== cursor))
        if (found.length > limit) break
      }
      const entries = found.slice(0, limit).map(entryOf)
      const last = entries.at(-1)
      return found.length > limit && last ? { entries, next: last.id } : { entries }
    },
  }
}
