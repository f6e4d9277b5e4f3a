import { type Item, type Key, N, number, S, type Table, text } from './dynamo-table.ts'

/** A segment that is in the bucket. `bytes` and `sha256` are of the object. */
export type Row = { first: number; last: number; bytes: number; sha256?: string | undefined }
/** Where the log of an attempt ends for good, and why it was lost, if it was. */
export type End = { last: number; lost?: string | undefined }
export type AttemptRows = { rows: Row[]; end: End | undefined }

const prefixOf = (attempt: number) => `log#${String(attempt).padStart(4, '0')}#`
export const seqName = (first: number): string => String(first).padStart(12, '0')
const rowKey = (session: string, attempt: number, first: number): Key => ({
  pk: `S#${session}`,
  sk: `${prefixOf(attempt)}${seqName(first)}`,
})
const endKey = (session: string, attempt: number): Key => ({ pk: `S#${session}`, sk: `${prefixOf(attempt)}end` })

const isEnd = (item: Item) => text(item['sk']).endsWith('#end')
const rowOf = (item: Item): Row => ({
  first: Number(text(item['sk']).slice(-12)),
  last: number(item['last']),
  bytes: number(item['bytes']),
  sha256: item['sha256']?.S,
})
const endOf = (item: Item): End => ({ last: number(item['last']), lost: item['lost']?.S })

/** What follows each other from the first event on without a hole, up to the end. */
export const unbroken = ({ rows, end }: AttemptRows): { rows: Row[]; last: number } => {
  const limit = end?.last ?? Number.POSITIVE_INFINITY
  const found: Row[] = []
  let last = 0
  for (const row of rows) {
    if (row.first > last + 1 || row.first > limit) break
    found.push({ ...row, last: Math.min(row.last, limit) })
    last = Math.max(last, Math.min(row.last, limit))
  }
  return { rows: found, last: end ? end.last : last }
}

/** Items `S#<session>` / `log#<attempt>#<first seq>`, until (seconds since 1970) their objects go, and `log#<attempt>#end`. */
export const openSegmentRows = (table: Table, keptUntil: () => number) => ({
  of: async (session: string, attempt: number): Promise<AttemptRows> => {
    const where = '#pk = :pk AND begins_with(#sk, :log)'
    const items = await table.query({ where, values: { pk: S(`S#${session}`), log: S(prefixOf(attempt)) } })
    const end = items.find(isEnd)
    return { rows: items.filter((item) => !isEnd(item)).map(rowOf), end: end && endOf(end) }
  },
  /** A runner that was started again may send a segment again, longer; one that is late must not make it shorter. */
  record: async (session: string, attempt: number, { first, last, bytes, sha256 }: Row): Promise<void> => {
    const { pk, sk } = rowKey(session, attempt, first)
    const facts = { last: N(last), bytes: N(bytes), expires: N(keptUntil()) }
    const put = { pk: S(pk), sk: S(sk), ...facts, ...(sha256 === undefined ? {} : { sha256: S(sha256) }) }
    await table.put({ put, if: 'attribute_not_exists(pk) OR #last <= :mine', values: { mine: N(last) } })
  },
  /** Answers the end as it was set first. */
  close: async (session: string, attempt: number, { last, lost }: End): Promise<End> => {
    const { pk, sk } = endKey(session, attempt)
    const known = await table.putNew({ pk: S(pk), sk: S(sk), last: N(last), ...(lost === undefined ? {} : { lost: S(lost) }) })
    return known ? endOf(known) : { last, lost }
  },
})
