import type { Session } from '../../core/contract/session.ts'
import type { Output } from '../io.ts'
import { shownDuration } from '../values/duration.ts'
import { shownMoney } from '../values/money.ts'
import { oneLine } from './printable.ts'
import { type Style, styleOf } from './style.ts'
import { type Cell, type Column, table } from './table.ts'
import { widthOf } from './width-of.ts'

/** `where`: what the user calls the control plane that has it; the runtime of its record when left out. */
export type Placed = { session: Session; where?: string | undefined }

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'TASK', flexible: true },
  { title: 'WHERE', leaves: 1 },
  { title: 'STATE' },
  { title: 'BRANCH +/−', leaves: 2 },
  { title: 'AGE', align: 'right' },
  { title: 'TTL', align: 'right' },
  { title: 'COST', align: 'right', leaves: 3 },
]

const WAITING = { follow_up: 'waits for you', permission: 'asks permission', budget: 'asks for budget' } as const

const stateOf = ({ state, outcome, waiting, stop, unreachable }: Session): string => {
  if (state === 'ended') return outcome?.outcome.replace('_', ' ') ?? 'ended'
  if (stop) return 'stopping'
  if (unreachable) return 'unreachable'
  return waiting ? WAITING[waiting.for] : state
}

const paintOf = ({ state, outcome, waiting, unreachable }: Session, style: Style) => {
  if (state === 'ended') return outcome?.outcome === 'succeeded' ? style.green : style.red
  return waiting || unreachable ? style.yellow : style.cyan
}

/** The age people mean: the largest unit. */
const shortAge = (ms: number) => shownDuration(ms).split(' ')[0] ?? ''

const machineOf = ({ attempts, state }: Session): string | undefined => {
  const attempt = attempts.at(-1)
  return state === 'ended' || attempt?.endedAt !== undefined ? undefined : attempt?.machine
}

/** Who is on the same machine, as far as it is among `all`. */
const sharing = (session: Session, all: readonly Placed[]): string => {
  const machine = machineOf(session)
  const others = all.flatMap(({ session: other }) =>
    machine !== undefined && other.id !== session.id && machineOf(other) === machine ? [other.id] : [],
  )
  const first = others[0] ?? (session.state === 'ended' ? undefined : session.request.with)
  if (first === undefined) return ''
  return ` with ${first}${others.length > 1 ? ` +${others.length - 1}` : ''}`
}

const rowOf = ({ session, where }: Placed, all: readonly Placed[], style: Style, now: number): Cell[] => {
  const { id, title, request, result, createdAt, expiresAt, state, cost } = session
  return [
    { text: id, paint: style.bold },
    { text: oneLine(title) },
    { text: `${where ?? request.runtime}${sharing(session, all)}` },
    { text: stateOf(session), paint: paintOf(session, style) },
    { text: result && result.files > 0 ? `${oneLine(result.branch)} +${result.insertions} −${result.deletions}` : '' },
    { text: shortAge(now - Date.parse(createdAt)) },
    { text: expiresAt && state !== 'ended' ? shortAge(Date.parse(expiresAt) - now) : '' },
    { text: shownMoney(cost.totalUsd) },
  ]
}

/** The table of `remote status`; columns that are empty everywhere are left out. */
export const sessionTable = (sessions: readonly Placed[], out: Output, env: NodeJS.ProcessEnv, now: number): string => {
  const style = styleOf(out, env)
  const rows = sessions.map((session) => rowOf(session, sessions, style, now))
  const used = COLUMNS.map((_, n) => n < 4 || rows.some((row) => row[n]?.text !== ''))
  const kept = <T>(cells: readonly T[]) => cells.filter((_, n) => used[n])
  return table(kept(COLUMNS), rows.map(kept), widthOf(out, env, 120), style.dim)
}
