import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Io } from '../io.ts'
import { checkRuntime, isCloud } from '../runtime.ts'
import { type AwsAccess, awsAccess } from './aws-access.ts'
import { keyOf, nameIn, partsOf, profileIn } from './cloud-names.ts'
import { readClouds } from './clouds-file.ts'
import { DEFAULT_STACK, regionOf } from './find-stack.ts'
import { resolveCloud } from './open-cloud.ts'

export type Opened = { runtime: string; stack: string; region: string; access: AwsAccess }

/** A cloud as its name says, without asking whether it is there. */
export const openedCloud = async (io: Io, on: string | undefined): Promise<Opened> => {
  const runtime = checkRuntime(on ?? 'cloud')
  if (!isCloud(runtime)) throw new RemoteError('usage', `${runtime} is no cloud`, { hint: 'for example: --on cloud:us-east-1' })
  const { clouds } = readClouds(io.env)
  const name = nameIn(runtime)
  const isKnown = name === undefined ? Object.keys(clouds).length > 0 : keyOf(clouds, name) !== undefined
  if (isKnown) {
    const { cloud, runtime: shown } = await resolveCloud(io, runtime)
    return { runtime: shown, stack: cloud.stack, region: cloud.region, access: awsAccess(io.env, cloud) }
  }
  const { region: named, stack = DEFAULT_STACK, who } = partsOf(name ?? '')
  const found = awsAccess(io.env, { profile: profileIn(who), region: named || undefined })
  const region = await regionOf(found)
  return { runtime, stack, region, access: awsAccess(io.env, { profile: found.profile, region }) }
}
