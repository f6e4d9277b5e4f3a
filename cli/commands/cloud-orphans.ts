import type { EndedOrphans, Orphan, Orphans } from '../../core/contract/operate.ts'
import { askOperate } from '../cloud/ask-operate.ts'
import { openedCloud } from '../cloud/opened-cloud.ts'
import { confirm } from '../confirm.ts'
import { type Io, write } from '../io.ts'
import { orphanTable } from '../output/orphan-table.ts'
import { shownMoney } from '../values/money.ts'
import type { Call } from '../verbs/verb.ts'

const HOURS_PER_DAY = 24
const counted = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`

const told = (io: Io, { orphans, looked }: Orphans): Promise<void> => {
  const all = `${counted(looked.machines, 'machine')}, ${counted(looked.volumes, 'disk')} and ${counted(looked.snapshots, 'snapshot')} of the stack`
  if (orphans.length === 0) return write(io.stderr, `nothing is orphaned: ${all} are all somebody's\n`)
  const usd = orphans.reduce((sum, { usdPerHour }) => sum + usdPerHour, 0)
  return write(io.stderr, `${orphans.length} orphaned, of ${all}; they cost ${shownMoney(usd * HOURS_PER_DAY)} a day\n`)
}

/** A record is not ended like a machine: what it is told of is its session. */
const canEnd = ({ kind }: Orphan) => kind !== 'session'

/** `cloud doctor --orphans`: exit code 1 while there are any. */
export const cloudOrphans = async ({ io, flags }: Pick<Call, 'io' | 'flags'>): Promise<number> => {
  const opened = await openedCloud(io, flags.text('on'))
  const found = await askOperate<Orphans>(io, opened, { ask: 'orphans' })
  const { orphans } = found
  const asJson = flags.on('json')
  const ending = flags.on('end') ? orphans.filter(canEnd) : []
  if (!asJson && orphans.length > 0) await write(io.stdout, orphanTable(io.stdout, io.env, orphans))
  if (!asJson) await told(io, found)
  if (ending.length === 0) {
    if (asJson) await write(io.stdout, `${JSON.stringify(found)}\n`)
    return orphans.length > 0 ? 1 : 0
  }
  await confirm(io, {
    question: `End ${ending.length === 1 ? 'it' : `these ${ending.length}`}, with the data on them?`,
    what: 'this ends machines and deletes disks',
    declined: 'nothing was ended',
    verb: 'remote cloud doctor --orphans --end',
    isSure: flags.on('yes'),
  })
  const done = await askOperate<EndedOrphans>(io, opened, { ask: 'end-orphans', ids: ending.map(({ id }) => id) })
  if (asJson) await write(io.stdout, `${JSON.stringify({ ...found, ...done })}\n`)
  else {
    await write(io.stdout, done.ended.map((id) => `ended ${id}\n`).join(''))
    await write(io.stderr, done.left.map(({ id, why }) => `left ${id}: ${why}\n`).join(''))
  }
  return done.ended.length < orphans.length ? 1 : 0
}
