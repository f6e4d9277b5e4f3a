import { randomUUID } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll } from 'vitest'
import { openDynamo } from '../../lambdas/aws/dynamo.ts'
import { openS3LargeTexts } from '../../lambdas/aws/s3-large-texts.ts'
import { createAwsTable } from './aws-table.ts'
import { type Moto, startMoto } from './moto.ts'

/** An AWS of this test file's own. `fresh` answers an empty stack: what every adapter of storage is opened with. */
export const useAws = () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await startMoto()
  })
  afterAll(() => moto?.stop())

  const fresh = async (clock = { now: () => Date.now() }) => {
    // Whoever looks at the table does not ask what is tested.
    const sdk = new DynamoDBClient(moto.config)
    const s3 = new S3Client({ ...moto.config, forcePathStyle: true })
    const client = new SecretsManagerClient(moto.config)
    const bucket = `remote-${randomUUID()}`
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const tableName = await createAwsTable(sdk)
    const large = openS3LargeTexts({ s3, bucket })
    const dynamo = openDynamo(moto.config)
    return { dynamo, sdk, tableName, s3, bucket, client, stack: randomUUID(), large, clock, now: clock.now, keptDays: 30 }
  }
  return { fresh, config: () => moto.config, control: () => moto.control }
}
export type AwsWorld = Awaited<ReturnType<ReturnType<typeof useAws>['fresh']>>
