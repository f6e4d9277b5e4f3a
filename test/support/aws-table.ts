import { randomUUID } from 'node:crypto'
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { TABLE } from '../../lambdas/aws/table.ts'

const keys = ({ partitionKey, sortKey }: { partitionKey: string; sortKey: string }) => [
  { AttributeName: partitionKey, KeyType: 'HASH' as const },
  { AttributeName: sortKey, KeyType: 'RANGE' as const },
]

/** The table as AWS's API and CloudFormation both describe it. */
export const tableDescription = () => {
  const attributes = [TABLE, ...TABLE.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey])
  return {
    BillingMode: 'PAY_PER_REQUEST' as const,
    KeySchema: keys(TABLE),
    AttributeDefinitions: [...new Set(attributes)].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    GlobalSecondaryIndexes: TABLE.indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keys(index),
      Projection:
        index.also.length > 0
          ? { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...index.also] }
          : { ProjectionType: 'KEYS_ONLY' as const },
    })),
  }
}

/** A new table as the stack makes it. Answers its name. */
export const createAwsTable = async (dynamo: DynamoDBClient): Promise<string> => {
  const name = `remote-${randomUUID()}`
  await dynamo.send(new CreateTableCommand({ TableName: name, ...tableDescription() }))
  return name
}
