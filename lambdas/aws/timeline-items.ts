import type { TimelineEntry } from '../../core/contract/session.ts'
import { auditEntries } from '../../core/domain/audit-entries.ts'
import type { TimelineNote } from '../../core/ports/session-store.ts'
import { type Item, S, text } from './dynamo-table.ts'
import { partitionOf, type Tail } from './session-item.ts'
import { sha256Hex } from './sha256.ts'

const PREFIX = 'timeline#'
const chained = (before: string, entry: string) => sha256Hex(`${before}\n${entry}`)
const sortKey = (n: number) => `${PREFIX}${String(n).padStart(8, '0')}`

export const isTimelineItem = (item: Item): boolean => text(item['sk']).startsWith(PREFIX)
/** Sorts after every entry. */
export const AFTER_TIMELINE = 'timeline#:'

/** The items of further entries, where the timeline ends with them, and what of them is for the audit log. Each hash covers its entry and the hash before. */
export const timelineItems = async (id: string, tail: Tail, notes: readonly TimelineNote[], at: string) => {
  let { n, hash } = tail
  const items: Item[] = []
  const noted: Omit<TimelineEntry, 'hash'>[] = []
  for (const { by, what, detail } of notes) {
    n += 1
    const one = { n, at, by, what, ...(detail ? { detail } : {}) }
    noted.push(one)
    const entry = JSON.stringify(one)
    hash = await chained(hash, entry)
    items.push({ pk: S(partitionOf(id)), sk: S(sortKey(n)), entry: S(entry), hash: S(hash) })
  }
  return { items, tail: { n, hash }, audit: auditEntries(id, noted) }
}

/** `intact` is false when an entry was changed, removed, or is not the last one that the record knows of. */
export const readTimeline = async (items: readonly Item[], tail: Tail) => {
  let before = ''
  let intact = true
  const entries: TimelineEntry[] = []
  for (const [index, item] of items.entries()) {
    const entry = text(item['entry'])
    const hash = text(item['hash'])
    const parsed = JSON.parse(entry) as Omit<TimelineEntry, 'hash'>
    if (hash !== (await chained(before, entry)) || parsed.n !== index + 1) intact = false
    entries.push({ ...parsed, hash })
    before = hash
  }
  return { entries, intact: intact && entries.length === tail.n && before === tail.hash }
}
