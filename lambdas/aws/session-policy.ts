import { RemoteError } from '../../core/contract/errors.ts'

export type SessionReach = {
  bucket: string
  /** `sessions/<id>/` */
  prefix: string
  secretArns: readonly string[]
  /** The agent's model is invoked through Amazon Bedrock. */
  bedrock: boolean
}

/** An inline session policy in plain characters; AWS packs it, and refuses what is still too large. */
const MAX_CHARACTERS = 2048

/** The policy that makes one session's credentials: its own secrets, its own prefix, nothing else. Throws `refused` when it grows too long. */
export const sessionPolicy = ({ bucket, prefix, secretArns, bedrock }: SessionReach): string => {
  const allow = (Action: string | string[], Resource: string | readonly string[]) => ({ Effect: 'Allow', Action, Resource })
  const Statement = [
    allow(['s3:PutObject', 's3:GetObject'], `arn:aws:s3:::${bucket}/${prefix}*`),
    ...(secretArns.length > 0 ? [allow('secretsmanager:GetSecretValue', secretArns)] : []),
    ...(bedrock ? [allow(['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'], '*')] : []),
  ]
  const text = JSON.stringify({ Version: '2012-10-17', Statement })
  if (text.length <= MAX_CHARACTERS) return text
  throw new RemoteError('refused', `a session in the cloud cannot have ${secretArns.length} secrets`, {
    hint: 'put several values into one secret, or name fewer with --secret',
  })
}
