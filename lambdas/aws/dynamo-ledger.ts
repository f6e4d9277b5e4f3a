import { RemoteError } from '../../core/contract/remote-error.ts'
import type { LedgerEntry } from '../../core/contract/spend.ts'
import { budgetNote, entryKey, type Spent } from '../../core/domain/spent.ts'
import type { Ledger, StoredBudget } from '../../core/ports/ledger.ts'
import { auditItem, type Kept } from './dynamo-audit-log.ts'
import { type Item, N, number, openTable, type Put, S, type TableOptions, text, type Update } from './dynamo-table.ts'
import { monthsBetween } from './months-between.ts'
import { partitionOf, recordKey, tailAttributes, tailOf } from './session-item.ts'
import { AFTER_TIMELINE, isTimelineItem, readTimeline, timelineItems } from './timeline-items.ts'

/** Entries of a month lie together. */
const partitionOfMonth = (day: string) => `ledger#${day.slice(0, 7)}`
const sumsOf = (day: string) => `spent#${day}`
/** A day's sum is kept in so many parts: sessions that end at the same time would wait for one another at a single item. */
const PARTS = 8
/** Sums are for the budget of their day; what was spent is in the entries, which are kept. */
const SUMS_KEPT_SECONDS = 40 * 86_400
/** No session is called so. */
const BUDGET = 'budget'
const MAX_RACES = 20

/** The ledger's part of the transaction that stores the record which was counted: a session's, or a workspace's. */
export const spentItems = (counted: string, { amounts, entries }: Spent): (Put | Update)[] => [
  ...amounts.map(({ day, microUsd }) => ({
    update: { pk: sumsOf(day), sk: String((counted.codePointAt(counted.length - 1) ?? 0) % PARTS) },
    set: { expires: N(Math.floor(Date.parse(`${day}T00:00:00Z`) / 1000) + SUMS_KEPT_SECONDS) },
    add: { microUsd: N(microUsd) },
  })),
  ...entries.map((entry) => ({
    put: { pk: S(partitionOfMonth(entry.day)), sk: S(`${entry.day}#${entryKey(entry)}`), entry: S(JSON.stringify(entry)) },
  })),
]

const budgetOf = (item: Item): StoredBudget => ({
  dailyUsd: item['dailyUsd']?.N === undefined ? null : Number(item['dailyUsd'].N),
  by: text(item['by']),
  at: text(item['at']),
})

export const openDynamoLedger = (options: TableOptions & Kept): Ledger => {
  const table = openTable(options)
  const record = recordKey(BUDGET)

  const entriesOf = async (month: string, from: string, to: string): Promise<LedgerEntry[]> => {
    const where = '#pk = :pk AND #sk BETWEEN :from AND :to'
    const values = { pk: S(partitionOfMonth(month)), from: S(from), to: S(`${to}#\u{10ffff}`) }
    return (await table.query({ where, values })).map((item) => JSON.parse(text(item['entry'])) as LedgerEntry)
  }

  return {
    spentOn: async (day) => {
      const parts = await table.query({ where: '#pk = :pk', values: { pk: S(sumsOf(day)) } })
      return parts.reduce((sum, item) => sum + number(item['microUsd']), 0)
    },
    entries: async (from, to) => (await Promise.all(monthsBetween(from, to).map((month) => entriesOf(month, from, to)))).flat(),
    budget: async () => {
      const item = await table.get(record)
      return item && budgetOf(item)
    },
    setBudget: async (next) => {
      for (let race = 0; race < MAX_RACES; race++) {
        const item = await table.get(record)
        const known = item && budgetOf(item)
        const { items, tail, audit } = await timelineItems(
          BUDGET,
          item ? tailOf(item) : { n: 0, hash: '' },
          [budgetNote(known, next)],
          next.at,
        )
        const put = {
          pk: S(record.pk),
          sk: S(record.sk),
          ...(next.dailyUsd !== null && { dailyUsd: N(next.dailyUsd) }),
          by: S(next.by),
          at: S(next.at),
          ...tailAttributes(tail),
        }
        const unchanged = item
          ? { if: '#lastTimelineN = :n', values: { n: N(tailOf(item).n) } }
          : { if: 'attribute_not_exists(pk)' }
        if (
          await table.write([
            { put, ...unchanged },
            ...items.map((one) => ({ put: one })),
            ...audit.map((one) => ({ put: auditItem(one, options) })),
          ])
        )
          return
      }
      throw new RemoteError('unavailable', 'the budget changes too quickly', { hint: 'try again' })
    },
    budgetChanges: async () => {
      const where = '#pk = :pk AND #sk BETWEEN :first AND :last'
      const values = { pk: S(partitionOf(BUDGET)), first: S('record'), last: S(AFTER_TIMELINE) }
      const items = await table.query({ where, values })
      const item = items.find((one) => text(one['sk']) === 'record')
      return readTimeline(items.filter(isTimelineItem), item ? tailOf(item) : { n: 0, hash: '' })
    },
  }
}
