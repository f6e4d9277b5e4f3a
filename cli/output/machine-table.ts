import type { Session } from '../../core/contract/session.ts'
import type { Output } from '../io.ts'
import { shownDuration } from '../values/duration.ts'
import { shownMoney } from '../values/money.ts'
import { oneLine } from './printable.ts'
import { styleOf } from './style.ts'
import { type Column, table } from './table.ts'
import { widthOf } from './width-of.ts'

export type Machine = { session: Session; runtime: string }

const COLUMNS: readonly Column[] = [
  { title: 'SESSION' },
  { title: 'WHAT', flexible: true },
  { title: 'MACHINE', leaves: 1 },
  { title: 'TYPE' },
  { title: 'ZONE', leaves: 3 },
  { title: 'STATE' },
  { title: 'ENDS IN', align: 'right' },
  { title: '$/HOUR', align: 'right', leaves: 2 },
  { title: 'COST', align: 'right' },
  { title: 'WHO', leaves: 4 },
]

const left = (expiresAt: string | undefined, now: number) =>
  expiresAt === undefined ? '-' : (shownDuration(Math.max(0, Date.parse(expiresAt) - now)).split(' ')[0] ?? '')

/** The machines of the clouds that are up, each with what runs there, what it costs and whose it is. */
export const machineTable = (machines: readonly Machine[], out: Output, env: NodeJS.ProcessEnv, now: number): string => {
  const style = styleOf(out, env)
  const rows = machines.map(({ session, runtime }) => {
    const { id, title, state, stop, request, attempts, expiresAt, cost, by } = session
    const { machine = '', purchase } = attempts.at(-1) ?? {}
    return [
      { text: id, paint: style.bold },
      { text: request.agent === 'terminal' ? oneLine(title) : `${request.agent}: ${oneLine(title)}` },
      { text: machine },
      { text: `${purchase?.instance ?? request.instance ?? ''}${purchase?.spot ? ' spot' : ''}` },
      { text: purchase?.zone ?? runtime },
      { text: stop ? 'stopping' : state, paint: style.cyan },
      { text: left(expiresAt, now) },
      { text: purchase ? purchase.usdPerHour.toFixed(4) : '-' },
      { text: shownMoney(cost.totalUsd) },
      { text: oneLine(by) },
    ]
  })
  return table(COLUMNS, rows, widthOf(out, env, 160), style.dim)
}
