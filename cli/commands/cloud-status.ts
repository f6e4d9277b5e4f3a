import type { Session } from '../../core/contract/session.ts'
import { regionRuntime } from '../cloud/region-runtime.ts'
import type { Connection } from '../connect.ts'
import { askSide, cloudsInUse, connectTo, type Told, warnOf } from '../control-planes.ts'
import { write } from '../io.ts'
import { type Machine, machineTable } from '../output/machine-table.ts'
import { shownMoney } from '../values/money.ts'
import type { Command } from '../verbs/verb.ts'

const PAGE = '500'

/** Sessions that have a machine, or will have one in a moment. */
const withMachines = async (connection: Connection): Promise<Session[]> => {
  const found: Session[] = []
  let cursor: string | undefined
  do {
    const page = await connection.get('/v1/sessions', { query: { limit: PAGE, all: '0', cursor } }, { once: true })
    found.push(...page.sessions.filter(({ attempts }) => attempts.some(({ machine, endedAt }) => machine && !endedAt)))
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

export const cloudStatus: Command = async ({ io, flags }) => {
  const quiet = flags.on('quiet')
  const used = flags.has('region') ? [regionRuntime(flags)] : await cloudsInUse(io)
  const runtimes = used.length > 0 ? used : ['cloud']
  const told: Told<Session[]>[] = await Promise.all(
    runtimes.map((runtime) => askSide(runtime, () => connectTo(io, runtime, { quiet }), withMachines)),
  )
  const failed = told.flatMap((one) => ('error' in one ? [one] : []))
  if (failed[0] && failed.length === told.length) throw failed[0].error
  for (const one of failed) await warnOf(io, one)
  const machines: Machine[] = told.flatMap((one) =>
    'value' in one ? one.value.map((session) => ({ session, runtime: one.connection.runtime })) : [],
  )
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ sessions: machines.map(({ session }) => session) })}\n`)
  else if (quiet) await write(io.stdout, machines.map(({ session }) => `${session.id}\n`).join(''))
  else if (machines.length === 0)
    await write(io.stderr, 'no machine is up; make one: remote cloud up --instance-type t3.xlarge\n')
  else {
    const usd = machines.reduce((sum, { session }) => sum + session.cost.totalUsd, 0)
    await write(io.stdout, machineTable(machines, io.stdout, io.env, Date.now()))
    await write(io.stderr, `${shownMoney(usd)} so far; end one: remote cloud down ${machines[0]?.session.id ?? ''}\n`)
  }
  return 0
}
