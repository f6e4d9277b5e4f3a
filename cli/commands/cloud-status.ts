import { ERRORS } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { cloudRuntimes } from '../cloud/cloud-names.ts'
import { keepDistances, readClouds } from '../cloud/clouds-file.ts'
import { distances, isStale } from '../cloud/measure-distance.ts'
import { resolveCloud } from '../cloud/open-cloud.ts'
import { regionRuntime } from '../cloud/region-runtime.ts'
import type { Connection } from '../connect.ts'
import { askSide, connectTo, type Told, warnOf } from '../control-planes.ts'
import { type Io, write } from '../io.ts'
import { type CloudRow, cloudTable } from '../output/cloud-table.ts'
import { type Machine, machineTable } from '../output/machine-table.ts'
import { shownMoney } from '../values/money.ts'
import type { Command } from '../verbs/verb.ts'

const PAGE = '500'
/** Here somebody looks at the figures: they are measured again when they are of another day. */
const FRESH_MS = 24 * 3_600_000

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

const measure = async (io: Io): Promise<void> => {
  const known = readClouds(io.env)
  if (Object.values(known.clouds).some((cloud) => isStale(cloud, FRESH_MS))) keepDistances(io.env, await distances(known))
}

const rowsOf = async (io: Io, told: readonly Told<Session[]>[]): Promise<CloudRow[]> => {
  const { key: preferred } = await resolveCloud(io, 'cloud')
  return Promise.all(
    told.map(async (one) => {
      const { cloud, key, runtime } = await resolveCloud(io, 'value' in one ? one.connection.runtime : one.runtime)
      const { stack, region, account, profile, version, ms, measuredAt } = cloud
      const machines = 'value' in one ? one.value.length : undefined
      return { runtime, isCloud: key === preferred, stack, region, account, profile, version, ms, measuredAt, machines }
    }),
  )
}

export const cloudStatus: Command = async ({ io, flags }) => {
  const quiet = flags.on('quiet')
  const used = flags.has('region') ? [regionRuntime(flags)] : cloudRuntimes(readClouds(io.env))
  const runtimes = used.length > 0 ? used : ['cloud']
  const ask = (runtime: string) => askSide(runtime, () => connectTo(io, runtime, { quiet }), withMachines)
  const [told] = await Promise.all([Promise.all(runtimes.map(ask)), quiet ? undefined : measure(io)])
  const failed = told.flatMap((one) => ('error' in one ? [one] : []))
  const [only] = told.length === 1 ? failed : []
  if (only) throw only.error
  for (const one of failed) await warnOf(io, one)
  const machines: Machine[] = told.flatMap((one) =>
    'value' in one ? one.value.map((session) => ({ session, runtime: one.connection.runtime })) : [],
  )
  const sessions = machines.map(({ session }) => session)
  const nobody = failed.length === told.length ? failed[0]?.error : undefined
  const code = nobody ? ERRORS[nobody.code].exit : 0
  if (quiet && !flags.on('json')) {
    await write(io.stdout, sessions.map(({ id }) => `${id}\n`).join(''))
    return code
  }
  const clouds = await rowsOf(io, told)
  if (flags.on('json')) {
    await write(io.stdout, `${JSON.stringify({ clouds, sessions })}\n`)
    return code
  }
  await write(io.stdout, cloudTable(clouds, io.stdout, io.env))
  if (machines.length > 0) {
    const usd = sessions.reduce((sum, { cost }) => sum + cost.totalUsd, 0)
    await write(io.stdout, `\n${machineTable(machines, io.stdout, io.env, Date.now())}`)
    await write(io.stderr, `${shownMoney(usd)} so far; end one: remote cloud down ${sessions[0]?.id ?? ''}\n`)
  } else if (!nobody) await write(io.stderr, 'no machine is up; make one: remote cloud up --instance-type t3.xlarge\n')
  return code
}
