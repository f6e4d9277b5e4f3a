import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts'
import { RemoteError } from '../../core/contract/errors.ts'
import type { Grant } from '../../core/contract/runner.ts'
import type { Session } from '../../core/contract/session.ts'
import { sessionPolicy } from './session-policy.ts'

export type Grants = {
  sts: STSClient
  /** The role whose rights the inline policy narrows down. */
  roleArn: string
  bucket: string
  region: string
  endpointUrl: string | undefined
  /** What the session may read: the secrets it names, and what is kept for it alone. */
  secretsOf(session: Session): Promise<Grant['secrets']>
}

/** A role that was itself assumed may not be assumed for longer (role chaining). */
const SECONDS = 3600

/** Short-lived credentials for one attempt's machine, which its runner renews before they expire. May be repeated. */
export const openStsGrants =
  ({ sts, roleArn, bucket, region, endpointUrl, secretsOf }: Grants) =>
  async (session: Session, attempt: number): Promise<Grant> => {
    const secrets = await secretsOf(session)
    const prefix = `sessions/${session.id}/`
    const bedrock = session.request.env['CLAUDE_CODE_USE_BEDROCK'] !== undefined
    const partition = roleArn.split(':')[1] ?? 'aws'
    const secretArns = secrets.map(({ arn }) => arn)
    const Policy = sessionPolicy({ bucket, prefix, attempt, partition, secretArns, bedrock })
    const RoleSessionName = `${session.id}-${attempt}`
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName, Policy, DurationSeconds: SECONDS }),
    )
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {}
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new RemoteError('unavailable', `no credentials were given for ${session.id}`, { hint: 'it is tried again' })
    return {
      region,
      endpointUrl,
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
      expiresAt: Expiration.toISOString(),
      bucket,
      prefix,
      secrets,
    }
  }
