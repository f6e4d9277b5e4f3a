import { RemoteError } from '../../core/contract/remote-error.ts'
import type { AwsAccess } from './aws-access.ts'
import { noStack } from './aws-refusal.ts'
import type { Cloud } from './clouds-file.ts'

export const DEFAULT_STACK = 'remote'

const MISSING = ['DELETE_COMPLETE', 'REVIEW_IN_PROGRESS']

/** The region that was named, or the one of the environment or profile; a misspelt one is no address. */
export const regionOf = async (access: AwsAccess): Promise<string> => {
  const region = access.region ?? (await access.findRegion())
  if (/^[a-z]{2,4}(-[a-z]+)+-\d$/.test(region)) return region
  throw new RemoteError('usage', `\`${region.slice(0, 40)}\` is not an AWS region`, { hint: 'for example: --region us-east-1' })
}

/** What the stack says of itself. Throws `not_found` with what to do when there is none. */
export const findStack = async (access: AwsAccess, stack: string, region: string): Promise<Cloud> => {
  const { status, outputs } = await access.describeStack(stack)
  if (MISSING.includes(status)) throw noStack({ stack, region, profile: access.profile })
  const { ApiUrl: apiUrl, SocketUrl: socketUrl, Version: version, ConnectEndpoint: connectEndpoint } = outputs
  if (!apiUrl || !socketUrl || !version) {
    throw new RemoteError('not_found', `stack ${stack} in ${region} is not one of remote's, or is not deployed yet (${status})`, {
      hint: 'deploy it: remote cloud deploy; or name the right one: remote cloud use --stack S',
    })
  }
  const bare = (url: string) => url.replace(/\/+$/, '')
  const { profile } = access
  return {
    stack,
    region,
    ...(profile === undefined ? {} : { profile }),
    apiUrl: bare(apiUrl),
    socketUrl: bare(socketUrl),
    version,
    connectEndpoint: connectEndpoint || undefined,
    readAt: new Date().toISOString(),
  }
}
