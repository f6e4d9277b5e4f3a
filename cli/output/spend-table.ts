import type { Spend, SpendRow } from '../../core/contract/spend.ts'
import type { SpendBy } from '../../core/contract/spend-by.ts'
import type { Output } from '../io.ts'
import { shownMoney } from '../values/money.ts'
import { oneLine } from './printable.ts'
import { styleOf } from './style.ts'
import { type Cell, type Column, table } from './table.ts'
import { widthOf } from './width-of.ts'

/** `where`: what the user calls the side, or sides, that it is of. */
export type PlacedRow = SpendRow & { where: string }
type Side = { runtime: string; spend: Spend }

const MONEY: readonly (readonly [title: string, key: keyof SpendRow['cost'], leaves?: number])[] = [
  ['MACHINE', 'computeUsd', 4],
  ['DISK', 'volumeUsd', 2],
  ['ADDRESS', 'addressUsd', 2],
  ['CALLS', 'controlPlaneUsd', 1],
  ['AGENT', 'agentUsd', 5],
  ['TOTAL', 'totalUsd'],
]

const FIRST: Record<SpendBy, readonly Column[]> = {
  session: [{ title: 'SESSION' }, { title: 'TASK', flexible: true }, { title: 'WHERE', leaves: 3 }, { title: 'DAY', leaves: 3 }],
  day: [{ title: 'DAY' }, { title: 'SESSIONS', align: 'right' }, { title: 'WHERE', leaves: 3 }],
  workspace: [
    { title: 'WORKSPACE', flexible: true },
    { title: 'SESSIONS', align: 'right' },
    { title: 'WHERE', leaves: 3 },
  ],
}

const firstOf = (row: PlacedRow, by: SpendBy): string[] => {
  if (by === 'session') return [row.key === '' ? '–' : row.key, oneLine(row.title ?? ''), row.where, row.from]
  return [by === 'workspace' && row.key === '' ? '(none)' : row.key, String(row.sessions), row.where]
}

/** What is still an estimate says so. */
const amount = (usd: number, running: number) => (usd === 0 ? '' : `${running > 0 ? '~' : ''}${shownMoney(usd)}`)

const budgetLine = ({ runtime, spend: { budget } }: Side): string => {
  const spent = `today ${shownMoney(budget.spentUsd)}`
  return budget.dailyUsd === null ? `${runtime}: ${spent}` : `${runtime}: ${spent} of ${shownMoney(budget.dailyUsd)}`
}

/** Rows, their total, and today against the budget. Kinds of cost that nobody had are left out. */
export const spendTable = (
  rows: readonly PlacedRow[],
  sides: readonly Side[],
  by: SpendBy,
  out: Output,
  env: NodeJS.ProcessEnv,
): string => {
  const { dim, bold } = styleOf(out, env)
  const used = MONEY.filter(([, key]) => key === 'totalUsd' || sides.some(({ spend }) => spend.total[key] !== 0))
  const columns: Column[] = [
    ...FIRST[by],
    ...used.map(([title, , leaves]) => ({ title, align: 'right' as const, ...(leaves !== undefined && { leaves }) })),
  ]
  const sum = (key: keyof SpendRow['cost']) => sides.reduce((all, { spend }) => all + spend.total[key], 0)
  const running = sides.reduce((all, { spend }) => all + spend.running, 0)
  const leftOut = sides.reduce((all, { spend }) => all + spend.leftOut, 0)
  const cells = rows.map((row): Cell[] => [
    ...firstOf(row, by).map((text) => ({ text })),
    ...used.map(([, key]) => ({ text: amount(row.cost[key], row.running) })),
  ])
  const total: Cell[] = [
    { text: 'total', paint: bold },
    ...FIRST[by].slice(1).map(() => ({ text: '' })),
    ...used.map(([, key]) => ({ text: amount(sum(key), running), paint: bold })),
  ]
  const remarks = [
    `${sides[0]?.spend.from} to ${sides[0]?.spend.to} (UTC)`,
    ...(running > 0 ? [`~ so far: ${running} under way`] : []),
    ...(leftOut > 0 ? [`${leftOut} more, cheaper than these, are in the total`] : []),
    ...sides.map(budgetLine),
  ]
  return `${table(columns, [...cells, total], widthOf(out, env, 120), dim)}\n${dim(remarks.join(' · '))}\n`
}
