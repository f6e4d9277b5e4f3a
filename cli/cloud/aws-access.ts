import { awsRefusal } from './aws-refusal.ts'
import type { Asked, KeySource, Stack } from './aws-tools.ts'

/** The user's own access to AWS, found as AWS's own tools find it. Nothing of it is ever printed or kept. */
export type AwsAccess = {
  readonly profile: string | undefined
  readonly region: string | undefined
  /** Asks anew when what was found expires. Throws `no_credentials`. */
  keys: KeySource
  findRegion(): Promise<string>
  describeStack(stack: string): Promise<Stack>
  identity(): Promise<{ account: string; arn: string }>
}

export type Chosen = { profile?: string | undefined; region?: string | undefined }

/** As the SDK: a profile goes before keys in the environment. They need no library. */
const ofEnvironment = (env: NodeJS.ProcessEnv, profile: string | undefined): KeySource | undefined => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env
  if (profile !== undefined || !accessKeyId || !secretAccessKey) return undefined
  return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) })
}

const tools = () => import('./aws-tools.ts')

export const awsAccess = (env: NodeJS.ProcessEnv, { profile: given, region: wanted }: Chosen): AwsAccess => {
  const profile = given || env['AWS_PROFILE'] || undefined
  const region = wanted || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined
  const found = { profile, region }
  let source = ofEnvironment(env, profile)
  const keys: KeySource = async () => {
    source ??= (await tools()).keyChain(profile)
    try {
      return await source()
    } catch (error) {
      throw awsRefusal(error, { ...found, doing: 'sts:GetCallerIdentity' })
    }
  }
  const endpoint = (service: string) => env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'] || undefined
  const asked: Asked = { region, profile, credentials: keys, endpoint }
  const ask = async <T>(
    doing: string,
    call: (all: Awaited<ReturnType<typeof tools>>) => Promise<T>,
    stack?: string,
  ): Promise<T> => {
    try {
      return await call(await tools())
    } catch (error) {
      throw awsRefusal(error, { ...found, doing, stack })
    }
  }
  return {
    ...found,
    keys,
    findRegion: () => ask('finding the region', (all) => all.findRegion(asked)),
    describeStack: (stack) => ask('cloudformation:DescribeStacks', (all) => all.describeStack(asked, stack), stack),
    identity: () => ask('sts:GetCallerIdentity', (all) => all.callerIdentity(asked)),
  }
}
