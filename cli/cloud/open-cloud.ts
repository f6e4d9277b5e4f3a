import type { Connection } from '../connect.ts'
import type { Io } from '../io.ts'
import { awsAccess } from './aws-access.ts'
import { type Cloud, keepCloud, readClouds } from './clouds-file.ts'
import { type CloudOptions, connectCloud } from './connect-cloud.ts'
import { DEFAULT_STACK, findStack, regionOf } from './find-stack.ts'

/** The cloud that a runtime names: `cloud` is the preferred one. One that was never used is looked for under the usual name. */
export const cloudOf = async (env: NodeJS.ProcessEnv, runtime: string): Promise<Cloud> => {
  const { preferred, clouds } = readClouds(env)
  const named = runtime.startsWith('cloud:') ? runtime.slice('cloud:'.length) : undefined
  const known = clouds[named ?? preferred ?? '']
  if (known) return known
  const access = awsAccess(env, { region: named })
  const found = await findStack(access, DEFAULT_STACK, await regionOf(access))
  keepCloud(env, found)
  return found
}

/** The control plane that serves `cloud` or `cloud:REGION`. */
export const openCloud = async (io: Pick<Io, 'env' | 'stderr'>, runtime: string, options: CloudOptions): Promise<Connection> =>
  connectCloud(io, runtime, await cloudOf(io.env, runtime), options)
