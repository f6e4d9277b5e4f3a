import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Budget } from '../../core/contract/spend.ts'
import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { shownDuration } from '../values/duration.ts'
import { parseMoney, shownMoney } from '../values/money.ts'
import type { Command } from '../verbs/verb.ts'

const told = ({ dailyUsd, spentUsd, leftUsd, resetsAt, setBy, setAt }: Budget, where: string): string => {
  const today = `today ${shownMoney(spentUsd)} spent`
  const next = `the next day begins in ${shownDuration(Date.parse(resetsAt) - Date.now()).split(' ')[0]} (00:00 UTC)`
  const by = setBy === undefined ? '' : `set by ${oneLine(setBy)}, ${setAt}\n`
  if (dailyUsd === null) return `${where}: no daily budget; ${today}\n${by}`
  return `${where}: ${shownMoney(dailyUsd)} a day; ${today}, ${shownMoney(leftUsd ?? 0)} left; ${next}\n${by}`
}

const changeOf = ({ at, by, detail = {} }: { at: string; by: string; detail?: Record<string, unknown> | undefined }): string => {
  const shown = (value: unknown) => (typeof value === 'number' ? shownMoney(value) : 'none')
  const before = 'before' in detail ? ` (${shown(detail['before'])} before)` : ''
  return `${at}  ${oneLine(by)}  ${shown(detail['dailyUsd'])}${before}\n`
}

export const budget: Command = async ({ io, flags }) => {
  const side = await connectAsSaid(io, flags)
  if (flags.on('timeline')) {
    const changes = await side.get('/v1/budget/timeline')
    if (flags.on('json')) await write(io.stdout, `${JSON.stringify(changes)}\n`)
    else if (changes.entries.length === 0) await write(io.stderr, 'nobody changed it\n')
    else await write(io.stdout, changes.entries.map(changeOf).join(''))
    if (!changes.intact) await write(io.stderr, 'remote: entries were changed or removed: this is not the whole story\n')
    return 0
  }
  const found = await side.get('/v1/budget')
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(found)}\n`)
  else if (flags.on('quiet')) await write(io.stdout, `${found.dailyUsd ?? 'none'}\n`)
  else await write(io.stdout, told(found, side.runtime))
  return 0
}

const dailyOf = (given: string | undefined): number | null => {
  if (given === undefined)
    throw new RemoteError('usage', 'how much a day?', { hint: 'for example: remote budget set --daily 10, or --daily none' })
  return given === 'none' ? null : parseMoney(given, '--daily')
}

export const budgetSet: Command = async ({ io, flags }) => {
  const dailyUsd = dailyOf(flags.text('daily'))
  const side = await connectAsSaid(io, flags)
  const set = await side.put('/v1/budget', { json: { dailyUsd } })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(set)}\n`)
  else if (flags.on('quiet')) await write(io.stdout, `${set.dailyUsd ?? 'none'}\n`)
  else await write(io.stderr, told(set, side.runtime))
  return 0
}
