import type { Output } from '../io.ts'
import { oneLine } from './printable.ts'
import { styleOf } from './style.ts'
import { type Column, table } from './table.ts'
import { widthOf } from './width-of.ts'

export type CloudRow = {
  runtime: string
  /** What bare `cloud` means. */
  isCloud: boolean
  stack: string
  region: string
  account?: string | undefined
  profile?: string | undefined
  version: string
  ms?: number | undefined
  measuredAt?: string | undefined
  /** Machines that are up; undefined when it did not say. */
  machines: number | undefined
}

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'CLOUD', flexible: true },
  { title: 'STACK', leaves: 4 },
  { title: 'ACCOUNT', leaves: 2 },
  { title: 'PROFILE', leaves: 1 },
  { title: 'VERSION', leaves: 3 },
  { title: 'AWAY', align: 'right' },
  { title: 'MACHINES', align: 'right' },
]

/** The control planes in use, with how far each is; an arrow at what `cloud` means. */
export const cloudTable = (clouds: readonly CloudRow[], out: Output, env: NodeJS.ProcessEnv): string => {
  const style = styleOf(out, env)
  const rows = clouds.map(({ runtime, isCloud, stack, account, profile, version, ms, machines, region }) => [
    { text: isCloud ? '→' : '' },
    { text: runtime === 'cloud' ? `cloud:${region}` : runtime, paint: style.bold },
    { text: oneLine(stack) },
    { text: account ?? '' },
    { text: oneLine(profile ?? '') },
    { text: version },
    { text: ms === undefined ? '–' : `${ms < 10 ? ms : Math.round(ms)} ms` },
    { text: machines === undefined ? 'no answer' : String(machines) },
  ])
  return table(COLUMNS, rows, widthOf(out, env, 120), style.dim)
}
