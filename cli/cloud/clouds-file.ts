import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { pathsOf } from '../connect.ts'
import { makeDirectory } from '../make-directory.ts'

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
}
/** By region; `preferred` is the one that is called just `cloud`. */
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

/** Keeps what is known of a cloud; the first one is the preferred one until another is chosen. */
export const keepCloud = (env: NodeJS.ProcessEnv, cloud: Cloud, prefer = false): Clouds => {
  const before = readClouds(env)
  const preferred = prefer ? cloud.region : (before.preferred ?? cloud.region)
  const next = { preferred, clouds: { ...before.clouds, [cloud.region]: cloud } }
  const file = fileOf(env)
  makeDirectory(pathsOf(env).state)
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(next, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(draft, file)
  return next
}

/** Runtimes of these clouds as one names them: `cloud`, and each with its region when there are several. */
export const cloudRuntimes = ({ preferred, clouds }: Clouds): string[] => {
  const regions = Object.keys(clouds)
  if (regions.length === 0) return []
  return regions.length === 1 ? ['cloud'] : regions.map((region) => (region === preferred ? 'cloud' : `cloud:${region}`))
}
