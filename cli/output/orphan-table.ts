import type { Orphan } from '../../core/contract/operate.ts'
import type { Output } from '../io.ts'
import { shownDuration } from '../values/duration.ts'
import { oneLine } from './printable.ts'
import { styleOf } from './style.ts'
import { type Column, table } from './table.ts'
import { widthOf } from './width-of.ts'

const COLUMNS: readonly Column[] = [
  { title: 'KIND' },
  { title: 'ID' },
  { title: 'WHAT', leaves: 1 },
  { title: 'AGE', align: 'right' },
  { title: '$/HOUR', align: 'right' },
  { title: 'WHY', flexible: true },
]

const age = (since: string | undefined) => (since === undefined ? '-' : shownDuration(Date.now() - Date.parse(since)))

/** What nobody knows any more, with its age and what it costs. */
export const orphanTable = (stdout: Output, env: NodeJS.ProcessEnv, orphans: readonly Orphan[]): string => {
  const { dim, yellow } = styleOf(stdout, env)
  const rows = orphans.map(({ kind, id, what, since, usdPerHour, why }) => [
    { text: kind, paint: yellow },
    { text: id },
    { text: oneLine(what) },
    { text: age(since) },
    { text: usdPerHour > 0 ? usdPerHour.toFixed(4) : '-' },
    { text: oneLine(why) },
  ])
  return table(COLUMNS, rows, widthOf(stdout, env, 160), dim)
}
