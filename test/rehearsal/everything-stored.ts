import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { type Cloud, REGION } from './cloud.ts'

/** All rows and all objects of the account that are sessions', as somebody with every right reads them. */
export const everythingStored = async ({ control, endpoint }: Cloud): Promise<Buffer[]> => {
  const client = { region: REGION, endpoint, credentials: await control.admin() }
  const table = new DynamoDBClient(client)
  const s3 = new S3Client({ ...client, forcePathStyle: true })
  const rows: Buffer[] = []
  const { TableNames = [] } = await table.send(new ListTablesCommand({}))
  for (const TableName of TableNames) {
    let start: Record<string, never> | undefined
    do {
      const page = await table.send(new ScanCommand({ TableName, ...(start ? { ExclusiveStartKey: start } : {}) }))
      // Bytes of a row are base64 in JSON, so they are put beside it as they are.
      for (const row of page.Items ?? []) {
        rows.push(Buffer.from(JSON.stringify(row)))
        for (const value of Object.values(row)) if (value.B) rows.push(Buffer.from(value.B))
      }
      start = page.LastEvaluatedKey as typeof start
    } while (start)
  }
  const objects: Buffer[] = []
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  for (const { Name: Bucket = '' } of Buckets) {
    let ContinuationToken: string | undefined
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, ...(ContinuationToken ? { ContinuationToken } : {}) }))
      // What `cdk deploy` published is no session's, and large.
      for (const { Key = '' } of (page.Contents ?? []).filter(({ Key }) => Key?.includes('s-'))) {
        const object = await s3.send(new GetObjectCommand({ Bucket, Key })).catch((error: Error) => {
          if (error.name === 'NoSuchKey') return undefined // it was let go meanwhile
          throw error
        })
        if (object?.Body) objects.push(Buffer.from(await object.Body.transformToByteArray()))
      }
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken)
  }
  return [...rows, ...objects]
}
