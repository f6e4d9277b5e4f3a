import { RemoteError } from '../../core/contract/remote-error.ts'

export type SessionReach = {
  bucket: string
  /** `sessions/<id>/` */
  prefix: string
  attempt: number
  /** `aws` in most regions. */
  partition: string
  secretArns: readonly string[]
}

/** An inline session policy in plain characters; AWS packs it, and refuses what is still too large. */
const MAX_CHARACTERS = 2048

/**
 * The policy that makes the credentials of one attempt: its session's secrets, what attempts leave to each other to read, and to write its
 * own log, its own checkpoint, and bundles, which are named after their content. Credentials outlive an attempt by up to an hour: a machine
 * that was given up must not reach the log of the next one. Throws `refused` when it grows too long.
 */
export const sessionPolicy = ({ bucket, prefix, attempt, partition, secretArns }: SessionReach): string => {
  const allow = (Action: string | string[], Resource: string | readonly string[]) => ({ Effect: 'Allow', Action, Resource })
  const below = (path: string) => `arn:${partition}:s3:::${bucket}/${prefix}${path}*`
  const Statement = [
    allow('s3:PutObject', [below(`log/${attempt}/`), below(`checkpoint/${attempt}/`), below('bundles/')]),
    allow('s3:GetObject', below('checkpoint/')),
    ...(secretArns.length > 0 ? [allow('secretsmanager:GetSecretValue', secretArns)] : []),
  ]
  const text = JSON.stringify({ Version: '2012-10-17', Statement })
  if (text.length <= MAX_CHARACTERS) return text
  throw new RemoteError('refused', `a session in the cloud cannot have ${secretArns.length} secrets`, {
    hint: 'put several values into one secret, or name fewer with --secret',
  })
}
