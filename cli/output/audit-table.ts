import type { AuditEntry } from '../../core/contract/audit.ts'
import type { Output } from '../io.ts'
import { oneLine } from './printable.ts'
import { styleOf } from './style.ts'
import { type Column, table } from './table.ts'
import { widthOf } from './width-of.ts'

const COLUMNS: readonly Column[] = [
  { title: 'WHEN' },
  { title: 'WHO', leaves: 2 },
  { title: 'WHAT' },
  { title: 'OF WHAT', flexible: true },
  { title: 'ENDED' },
  { title: 'MORE', leaves: 1 },
]

const LONGEST_MORE = 80
/** Names of bundles and repositories are known by their first characters. */
const short = (text: string) => text.replace(/\b([0-9a-f]{12})[0-9a-f]{28,}\b/g, '$1')
const moreOf = ({ detail = {} }: AuditEntry) =>
  Object.entries(detail)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')

/** What people did, newest first, and how it ended; `?`: nobody was left to say, or it is under way. */
export const auditTable = (entries: readonly AuditEntry[], out: Output, env: NodeJS.ProcessEnv): string => {
  const style = styleOf(out, env)
  const rows = entries.map((entry) => [
    { text: `${entry.at.slice(0, 19)}Z` },
    { text: oneLine(entry.by) },
    { text: oneLine(entry.what) },
    { text: oneLine(short(entry.on)) },
    entry.ended?.code === 'done' ? { text: 'done' } : { text: entry.ended?.code ?? '?', paint: style.red },
    { text: oneLine(short(moreOf(entry))).slice(0, LONGEST_MORE) },
  ])
  return table(COLUMNS, rows, widthOf(out, env, 160), style.dim)
}
