import { randomUUID } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { LogEvent } from '../../core/contract/events.ts'
import { decodeRecords } from '../../core/contract/records.ts'
import type { Grant } from '../../core/contract/runner.ts'
import type { Moto } from './moto.ts'

/** A bucket and secrets of moto's, and grants for them. */
export const openGrantedMachine = async ({ config }: Moto, session: string) => {
  const s3 = new S3Client({ ...config, forcePathStyle: true })
  const secretsManager = new SecretsManagerClient(config)
  const bucket = `remote-${randomUUID()}`
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))

  const keys = async (): Promise<string[]> => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
    return Contents.flatMap(({ Key }) => Key ?? [])
  }
  const bytesOf = async (key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }
  return {
    grant: (changes: Partial<Grant> = {}): Grant => ({
      region: config.region,
      endpointUrl: config.endpoint,
      credentials: { accessKeyId: 'ASIAGRANT', secretAccessKey: 'grant/secret+key', sessionToken: 'grant-session-token' },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      bucket,
      prefix: `sessions/${session}/`,
      secrets: [],
      ...changes,
    }),
    secret: async (value: string): Promise<string> => {
      const { ARN } = await secretsManager.send(new CreateSecretCommand({ Name: `remote/${randomUUID()}`, SecretString: value }))
      return ARN ?? ''
    },
    keys,
    bytesOf,
    /** Of an object, as S3 keeps it: base64. */
    checksumOf: async (key: string) =>
      (await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }))).ChecksumSHA256,
    /** Every event of an attempt's segments, in the order of their names. */
    log: async (attempt = 1): Promise<LogEvent[]> => {
      const names = (await keys()).filter((key) => key.startsWith(`sessions/${session}/log/${attempt}/`)).sort()
      const segments = await Promise.all(names.map(async (key) => gunzipSync(await bytesOf(key))))
      return segments.flatMap((segment) => decodeRecords(segment).events)
    },
  }
}
export type GrantedMachine = Awaited<ReturnType<typeof openGrantedMachine>>
