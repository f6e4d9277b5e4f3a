import type { Connection } from '../connect.ts'
import { Flags } from '../flags.ts'
import { type Io, write } from '../io.ts'
import { runtimeOf } from '../runtime.ts'
import { awsAccess } from './aws-access.ts'
import { keyOf, nameIn, nearestKey, partsOf, profileIn, runtimeOfKey } from './cloud-names.ts'
import { type Cloud, type Clouds, keepCloud, keepDistances, readClouds } from './clouds-file.ts'
import { type CloudOptions, connectCloud } from './connect-cloud.ts'
import { DEFAULT_STACK, findStack, regionOf } from './find-stack.ts'
import { distances, isStale } from './measure-distance.ts'

type Named = { key: string; clouds: Clouds['clouds'] }

/** A cloud that was never used is looked for; it has a name from then on. */
const discovered = async (env: NodeJS.ProcessEnv, name: string | undefined): Promise<Named> => {
  const { region, stack, who } = partsOf(name ?? '')
  const access = awsAccess(env, { profile: profileIn(who), region: region || undefined })
  const { key, clouds } = keepCloud(env, await findStack(access, stack ?? DEFAULT_STACK, await regionOf(access)))
  return { key, clouds: clouds.clouds }
}

const remark = (clouds: Clouds['clouds'], key: string, before: string) => {
  const of = (one: string) => `cloud:${one} (${clouds[one]?.ms ?? '–'} ms)`
  return `remote: the nearest cloud is ${of(key)} now, and was ${of(before)}; to stay there: remote config set on cloud:${before}\n`
}

/** Of several: the one that the user's default names, else the nearest. Figures that are old are measured again. */
const preferredOf = async (io: Io, known: Clouds, quiet: boolean): Promise<Named> => {
  const chosen = nameIn(await runtimeOf(io, new Flags(new Map())))
  if (chosen !== undefined) return namedOf(io.env, chosen)
  const isOld = Object.values(known.clouds).some((cloud) => isStale(cloud))
  const { clouds, preferred } = isOld ? keepDistances(io.env, await distances(known)) : known
  const key = nearestKey({ ...(preferred === undefined ? {} : { preferred }), clouds }) ?? ''
  const before = nearestKey(known)
  if (!quiet && isOld && before !== undefined && before !== key) await write(io.stderr, remark(clouds, key, before))
  return { key, clouds }
}

const namedOf = async (env: NodeJS.ProcessEnv, name: string): Promise<Named> => {
  const { clouds } = readClouds(env)
  const key = keyOf(clouds, name)
  return key === undefined ? discovered(env, name) : { key, clouds }
}

export type Resolved = { cloud: Cloud; key: string; runtime: string }

/** The cloud that a runtime names; bare `cloud` is the user's default, else the nearest. One that was never used is looked for. */
export const resolveCloud = async (io: Io, runtime: string, quiet = true): Promise<Resolved> => {
  const name = nameIn(runtime)
  const known = readClouds(io.env)
  const [only, ...others] = Object.keys(known.clouds)
  const find = async (): Promise<Named> => {
    if (name !== undefined) return namedOf(io.env, name)
    if (only === undefined) return discovered(io.env, undefined)
    return others.length === 0 ? { key: only, clouds: known.clouds } : preferredOf(io, known, quiet)
  }
  const { key, clouds } = await find()
  return { cloud: clouds[key] as Cloud, key, runtime: runtimeOfKey(clouds, key) }
}

/** The control plane that serves `cloud` or `cloud:NAME`. */
export const openCloud = async (io: Io, runtime: string, options: CloudOptions): Promise<Connection> => {
  const { cloud, runtime: shown } = await resolveCloud(io, runtime, options.quiet)
  return connectCloud(io, shown, cloud, options)
}

/** Whether both are names of one cloud. Nothing is asked of AWS. */
export const isSaidOf = (io: Pick<Io, 'env'>, one: string, other: string): boolean => {
  const { clouds } = readClouds(io.env)
  const keys = Object.keys(clouds)
  const keyOfRuntime = (runtime: string) => {
    const name = nameIn(runtime)
    return name === undefined ? (keys.length === 1 ? keys[0] : undefined) : keyOf(clouds, name)
  }
  const key = keyOfRuntime(one)
  return key !== undefined && key === keyOfRuntime(other)
}
