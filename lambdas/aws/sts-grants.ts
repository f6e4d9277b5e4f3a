import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Grant } from '../../core/contract/runner.ts'
import type { Session } from '../../core/contract/session.ts'
import { USES_BEDROCK } from '../../core/domain/agent-login.ts'
import { sessionPolicy } from './session-policy.ts'

export type Grants = {
  sts: STSClient
  /** The role whose rights the inline policy narrows down. */
  roleArn: string
  /** The role that may invoke models and nothing else, where the stack lets agents do that. */
  modelRoleArn: string | undefined
  bucket: string
  region: string
  endpointUrl: string | undefined
  /** What the session may read: the secrets it names, and what is kept for it alone. */
  secretsOf(session: Session): Promise<Grant['secrets']>
}

/** A role that was itself assumed may not be assumed for longer (role chaining). */
const SECONDS = 3600

/** Short-lived credentials for one attempt's machine, and others for its agent; its runner renews them before they expire. May be repeated. */
export const openStsGrants = ({ sts, roleArn, modelRoleArn, bucket, region, endpointUrl, secretsOf }: Grants) => {
  const assume = async (RoleArn: string, session: string, attempt: number, Policy?: string) => {
    const RoleSessionName = `${session}-${attempt}`
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName, Policy, DurationSeconds: SECONDS }))
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {}
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new RemoteError('unavailable', `no credentials were given for ${session}`, { hint: 'it is tried again' })
    return {
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
      expiresAt: Expiration.toISOString(),
    }
  }
  return async ({ id, request, ...session }: Session, attempt: number): Promise<Grant> => {
    const prefix = `sessions/${id}/`
    const secrets = await secretsOf({ id, request, ...session })
    const partition = roleArn.split(':')[1] ?? 'aws'
    const secretArns = secrets.map(({ arn }) => arn)
    const Policy = sessionPolicy({ bucket, prefix, attempt, partition, secretArns })
    const invokes = modelRoleArn !== undefined && request.env[USES_BEDROCK] !== undefined
    const [machine, agent] = await Promise.all([
      assume(roleArn, id, attempt, Policy),
      invokes ? assume(modelRoleArn, id, attempt) : undefined,
    ])
    return { region, endpointUrl, ...machine, bucket, prefix, secrets, ...(agent && { agent }) }
  }
}
