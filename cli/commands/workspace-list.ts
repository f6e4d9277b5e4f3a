import type { Workspace } from '../../core/contract/workspace.ts'
import { connectToWorkspaceAsSaid } from '../connect-to-workspace.ts'
import { connectAsSaid } from '../control-planes.ts'
import { type Io, write } from '../io.ts'
import { styleOf } from '../output/style.ts'
import { type Cell, type Column, table } from '../output/table.ts'
import { widthOf } from '../output/width-of.ts'
import { shownDuration } from '../values/duration.ts'
import { shownMoney } from '../values/money.ts'
import { shownSize } from '../values/size.ts'
import type { Command } from '../verbs/verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'NAME', flexible: true },
  { title: 'WHERE' },
  { title: 'VOLUME', leaves: 1 },
  { title: 'SIZE', align: 'right' },
  { title: 'USED', align: 'right', leaves: 2 },
  { title: '$/MONTH', align: 'right', leaves: 3 },
  { title: 'LAST USED', align: 'right', leaves: 4 },
  { title: 'HELD BY' },
]

const ago = (time: string | undefined) =>
  time === undefined ? 'never' : `${shownDuration(Date.now() - Date.parse(time)).split(' ')[0]} ago`

/** The zone says more than `cloud`, once there is one. */
const placeOf = ({ runtime, zone, movingTo }: Workspace) =>
  movingTo === undefined ? (zone ?? runtime) : `${zone ?? runtime} → ${movingTo}`

const rowOf = (workspace: Workspace): Cell[] => {
  const { name, volume = '', sizeBytes, usedBytes, usdPerMonth, lastUsedAt, heldBy = '' } = workspace
  const used = usedBytes === undefined ? '' : shownSize(usedBytes)
  const month = usdPerMonth === undefined ? '' : shownMoney(usdPerMonth)
  const cells = [name, placeOf(workspace), volume, shownSize(sizeBytes), used, month, ago(lastUsedAt), heldBy]
  return cells.map((text) => ({ text }))
}

const ONLY_OF_DISKS = new Set(['VOLUME', '$/MONTH'])

const shown = (workspaces: readonly Workspace[], io: Io) => {
  const hasDisks = workspaces.some(({ volume }) => volume !== undefined)
  const isShown = (n: number) => hasDisks || !ONLY_OF_DISKS.has(COLUMNS[n]?.title ?? '')
  const columns = COLUMNS.filter((_, n) => isShown(n))
  const rows = workspaces.map((workspace) => rowOf(workspace).filter((_, n) => isShown(n)))
  return table(columns, rows, widthOf(io.stdout, io.env, 120), styleOf(io.stdout, io.env).dim)
}

export const workspaceList: Command = async ({ io, flags }) => {
  const quiet = flags.on('quiet')
  const list = await (await connectAsSaid(io, flags)).get('/v1/workspaces')
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(list)}\n`)
  else if (quiet) await write(io.stdout, list.workspaces.map(({ name }) => `${name}\n`).join(''))
  else if (list.workspaces.length === 0)
    await write(io.stderr, 'no workspaces; make one: remote workspace create --name project-alpha --size 100gb\n')
  else await write(io.stdout, shown(list.workspaces, io))
  return 0
}

export const workspaceShow: Command = async ({ io, args: [name = ''], flags }) => {
  const quiet = flags.on('quiet')
  const workspace = await (await connectToWorkspaceAsSaid(io, flags, name)).get('/v1/workspaces/:name', { param: { name } })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(workspace)}\n`)
  else if (quiet) await write(io.stdout, `${workspace.name}\n`)
  else {
    const { runtime, sizeBytes, usedBytes, createdAt, lastUsedAt, heldBy, base, volume, usdPerMonth, snapshots = [] } = workspace
    const facts: [string, string | undefined][] = [
      ['name', workspace.name],
      ['where', placeOf(workspace) === runtime ? runtime : `${runtime}, ${placeOf(workspace)}`],
      ['volume', volume],
      ['costs', usdPerMonth === undefined ? undefined : `${shownMoney(usdPerMonth)} a month`],
      ['size', shownSize(sizeBytes)],
      ['used', usedBytes === undefined ? undefined : shownSize(usedBytes)],
      ['created', createdAt],
      ['last used', lastUsedAt ?? 'never'],
      ['held by', heldBy ?? 'nobody'],
      ['took in', base],
      ...snapshots.map(({ id, createdAt: at }): [string, string] => ['snapshot', `${id}, ${at}`]),
    ]
    await write(io.stdout, facts.map(([what, value]) => (value === undefined ? '' : `${what.padEnd(10)} ${value}\n`)).join(''))
  }
  return 0
}
