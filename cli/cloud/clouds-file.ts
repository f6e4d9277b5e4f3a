import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { pathsOf } from '../connect.ts'
import { makeDirectory } from '../make-directory.ts'
import { keyFor } from './cloud-names.ts'

/** A control plane of one's own in AWS, as its stack described itself when it was last asked. No credentials are kept anywhere. */
export type Cloud = {
  stack: string
  region: string
  /** Profile of ~/.aws that was chosen for it; without one, whatever the environment says holds. */
  profile?: string | undefined
  account?: string | undefined
  apiUrl: string
  socketUrl: string
  version: string
  /** The Instance Connect Endpoint, where the stack has one. */
  connectEndpoint?: string | undefined
  /** Where tunnels to that endpoint are opened, once it was asked. */
  connectHost?: { endpoint: string; host: string } | undefined
  readAt: string
  /** How far it is: a handshake with its API. Undefined when it did not answer, or was not asked. */
  ms?: number | undefined
  measuredAt?: string | undefined
}
/** By name, which is what follows `cloud:`; `preferred` is the one used last. */
export type Clouds = { preferred?: string; clouds: Record<string, Cloud> }

const NONE: Clouds = { clouds: {} }

const fileOf = (env: NodeJS.ProcessEnv) => join(pathsOf(env).state, 'clouds.json')

const isClouds = (value: unknown): value is Clouds =>
  typeof value === 'object' && value !== null && 'clouds' in value && typeof value.clouds === 'object' && value.clouds !== null

/** Costs one look at the disk where no cloud is used. */
export const readClouds = (env: NodeJS.ProcessEnv): Clouds => {
  const file = fileOf(env)
  if (!existsSync(file)) return NONE
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isClouds(value)) return value
    throw new Error('it is of another shape')
  } catch (cause) {
    throw new RemoteError('corrupt', `${file} cannot be read`, {
      hint: 'remove it, then find your stack again: remote cloud use',
      cause,
    })
  }
}

const put = (env: NodeJS.ProcessEnv, next: Clouds): Clouds => {
  const file = fileOf(env)
  makeDirectory(pathsOf(env).state)
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(next, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(draft, file)
  return next
}

/** Keeps what is known of a cloud; `isUsed` makes it the one used last. */
export const keepCloud = (env: NodeJS.ProcessEnv, cloud: Cloud, isUsed = false): { key: string; clouds: Clouds } => {
  const before = readClouds(env)
  const key = keyFor(before.clouds, cloud)
  const preferred = isUsed ? key : (before.preferred ?? key)
  return { key, clouds: put(env, { preferred, clouds: { ...before.clouds, [key]: cloud } }) }
}

/** Keeps how far clouds are; of those that were forgotten meanwhile nothing is kept. */
export const keepDistances = (env: NodeJS.ProcessEnv, distances: ReadonlyMap<string, number | undefined>): Clouds => {
  const before = readClouds(env)
  const measuredAt = new Date().toISOString()
  const measured = Object.entries(before.clouds).map(([key, cloud]) => [
    key,
    distances.has(key) ? { ...cloud, ms: distances.get(key), measuredAt } : cloud,
  ])
  return put(env, { ...before, clouds: Object.fromEntries(measured) })
}

/** What is left without it. */
export const forgetCloud = (env: NodeJS.ProcessEnv, key: string): Clouds => {
  const { preferred, clouds } = readClouds(env)
  const { [key]: _, ...left } = clouds
  const last = preferred === key ? Object.keys(left)[0] : preferred
  return put(env, { ...(last === undefined ? {} : { preferred: last }), clouds: left })
}
