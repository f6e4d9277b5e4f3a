import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Io } from '../io.ts'
import { checkRuntime, isCloud } from '../runtime.ts'
import { type AwsAccess, awsAccess } from './aws-access.ts'
import { readClouds } from './clouds-file.ts'
import { DEFAULT_STACK, regionOf } from './find-stack.ts'

export type Opened = { runtime: string; stack: string; region: string; access: AwsAccess }

/** A cloud as its name says, without asking whether it is there. */
export const openedCloud = async (io: Io, on: string | undefined): Promise<Opened> => {
  const runtime = checkRuntime(on ?? 'cloud')
  if (!isCloud(runtime)) throw new RemoteError('usage', `${runtime} is no cloud`, { hint: 'for example: --on cloud:us-east-1' })
  const { preferred, clouds } = readClouds(io.env)
  const named = runtime.startsWith('cloud:') ? runtime.slice('cloud:'.length) : preferred
  const known = clouds[named ?? '']
  const found = awsAccess(io.env, known ?? { region: named })
  const region = await regionOf(found)
  return { runtime, stack: known?.stack ?? DEFAULT_STACK, region, access: awsAccess(io.env, { profile: found.profile, region }) }
}
