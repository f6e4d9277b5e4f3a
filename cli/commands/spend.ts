import type { Spend, SpendRow } from '../../core/contract/spend.ts'
import type { SpendBy } from '../../core/contract/spend-by.ts'
import { breakeven, breakevenText } from '../breakeven.ts'
import { connect } from '../connect.ts'
import { askSide, cloudsInUse, connectTo, type Told, warnOf } from '../control-planes.ts'
import { write } from '../io.ts'
import { type PlacedRow, spendTable } from '../output/spend-table.ts'
import { checkRuntime } from '../runtime.ts'
import type { Call, Command } from '../verbs/verb.ts'

type Side = { runtime: string; isNear: boolean; spend: Spend }

/** What each side knows. One that is slow or fails hides nothing of the others; it is said. */
const askAll = async ({ io, flags }: Call, by: SpendBy): Promise<Side[]> => {
  const quiet = flags.on('quiet')
  const given = flags.text('on')
  const runtimes = given === undefined ? ['local', ...(await cloudsInUse(io))] : [checkRuntime(given)]
  const query = { by, since: flags.number('since')?.toString() } as const
  const open = (runtime: string) => async () => (runtime === 'local' ? connect(io, { quiet }) : connectTo(io, runtime, { quiet }))
  const told: Told<Spend>[] = await Promise.all(
    runtimes.map((runtime) =>
      askSide(runtime, open(runtime), (side) =>
        side.get('/v1/spend', { query }, { once: runtime !== 'local' && given === undefined }),
      ),
    ),
  )
  const failed = told.flatMap((one) => ('error' in one ? [one] : []))
  if (failed[0] && failed.length === told.length) throw failed[0].error
  for (const one of failed) await warnOf(io, one)
  return told.flatMap((one) =>
    'value' in one ? [{ runtime: one.connection.runtime, isNear: one.connection.isNear, spend: one.value }] : [],
  )
}

const added = (a: PlacedRow, b: SpendRow, where: string): PlacedRow => ({
  ...a,
  where: `${a.where}, ${where}`,
  sessions: a.sessions + b.sessions,
  running: a.running + b.running,
  from: [a.from, b.from].sort()[0] ?? '',
  to: [a.to, b.to].sort()[1] ?? '',
  cost: Object.fromEntries(
    Object.entries(a.cost).map(([key, usd]) => [key, usd + b.cost[key as keyof typeof b.cost]]),
  ) as SpendRow['cost'],
})

/** One table of all sides. A day is the same everywhere; sessions and workspaces are of their side. */
const merged = (sides: readonly Side[], by: SpendBy): PlacedRow[] => {
  const rows = new Map<string, PlacedRow>()
  for (const { runtime, spend } of sides)
    for (const row of spend.rows) {
      const key = by === 'day' ? row.key : `${runtime} ${row.key}`
      const known = rows.get(key)
      rows.set(key, known ? added(known, row, runtime) : { ...row, where: runtime })
    }
  const order = (a: PlacedRow, b: PlacedRow) => (by === 'day' ? b.key.localeCompare(a.key) : b.cost.totalUsd - a.cost.totalUsd)
  return [...rows.values()].sort(order)
}

const isByOf = (text: string | undefined): SpendBy => (text === 'day' || text === 'workspace' ? text : 'session')

export const spend: Command = async (call) => {
  const { io, flags } = call
  if (flags.on('breakeven')) {
    const sides = (await askAll(call, 'day')).filter(({ isNear }) => !isNear)
    const found = breakeven(sides.map((side) => side.spend))
    await write(io.stdout, flags.on('json') ? `${JSON.stringify(found)}\n` : breakevenText(found))
    return 0
  }
  const by = isByOf(flags.text('by'))
  const sides = await askAll(call, by)
  const rows = merged(sides, by)
  if (flags.on('json')) {
    const told = sides.map(({ runtime, spend: { rows: _, ...rest } }) => ({ runtime, ...rest }))
    await write(io.stdout, `${JSON.stringify({ by, rows, sides: told })}\n`)
  } else if (flags.on('quiet'))
    await write(io.stdout, rows.flatMap(({ key }) => (by === 'session' && key === '' ? [] : `${key}\n`)).join(''))
  else if (rows.length === 0) await write(io.stderr, `nothing was spent since ${sides[0]?.spend.from}\n`)
  else await write(io.stdout, spendTable(rows, sides, by, io.stdout, io.env))
  return 0
}
