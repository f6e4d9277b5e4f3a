import { fromNodeProviderChain } from '@aws-sdk/credential-providers'

// A program file of its own (build.ts): it is large, and few calls need it. It knows nothing of ours, so that there is one RemoteError.
// Its clients are loaded when they are called: keys are needed by every command, and they only when a stack is looked for.

const cloudFormation = () => import('@aws-sdk/client-cloudformation')

export type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }
export type KeySource = () => Promise<Keys>

export type Asked = {
  region: string | undefined
  credentials: KeySource
  profile: string | undefined
  /** Endpoints of the environment; where there is none, the SDK decides. */
  endpoint(service: string): string | undefined
}

/** Whatever AWS's own tools would find: profiles, SSO, roles, web identities, containers, instances. Refreshes what expires. */
export const keyChain = (profile: string | undefined): KeySource =>
  fromNodeProviderChain(profile === undefined ? {} : { profile })

const options = ({ region, credentials, profile, endpoint }: Asked, service: string) => {
  const url = endpoint(service)
  return {
    credentials,
    maxAttempts: 4,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(url === undefined ? {} : { endpoint: url }),
  }
}

/** The region of the environment or the profile, as the SDK finds it. */
export const findRegion = async (asked: Asked): Promise<string> => {
  const { CloudFormationClient } = await cloudFormation()
  return new CloudFormationClient(options(asked, 'CLOUDFORMATION')).config.region()
}

export type Stack = { status: string; outputs: Record<string, string> }

/** Rejects with the SDK's own error, also when there is no such stack (ValidationError). */
export const describeStack = async (asked: Asked, stack: string): Promise<Stack> => {
  const { CloudFormationClient, DescribeStacksCommand } = await cloudFormation()
  const client = new CloudFormationClient(options(asked, 'CLOUDFORMATION'))
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }))
  const [found] = Stacks ?? []
  return {
    status: found?.StackStatus ?? 'UNKNOWN',
    outputs: Object.fromEntries((found?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
  }
}

export const callerIdentity = async (asked: Asked): Promise<{ account: string; arn: string }> => {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts')
  const { Account = '', Arn = '' } = await new STSClient(options(asked, 'STS')).send(new GetCallerIdentityCommand({}))
  return { account: Account, arn: Arn }
}
