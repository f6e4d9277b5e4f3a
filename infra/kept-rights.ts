import { Aws } from 'aws-cdk-lib'
import { TABLE } from '../lambdas/aws/table.ts'
import type { Right } from './rights.ts'
import type { Kept } from './state-stack.ts'

const ITEMS = ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'ConditionCheckItem', 'Query']
const KEEP_SECRETS = [
  'CreateSecret',
  'PutSecretValue',
  'UpdateSecret',
  'UpdateSecretVersionStage',
  'DeleteSecret',
  'RestoreSecret',
  'DescribeSecret',
  'GetSecretValue',
  'TagResource',
]
const BELOW =
  'Objects have names of sessions and contents, which are only known later; everything below the prefix is of this stack.'
const NAMED = 'Secrets have names that people choose, below the prefix of this stack.'

const here = `${Aws.REGION}:${Aws.ACCOUNT_ID}`

/** Rights to what is kept: records, objects and secrets of one stack. */
export const keptRights = ({ tableName, bucketName }: Kept, stack: string) => {
  const table = `arn:${Aws.PARTITION}:dynamodb:${here}:table/${tableName}`
  const bucket = `arn:${Aws.PARTITION}:s3:::${bucketName}`
  const secrets = `arn:${Aws.PARTITION}:secretsmanager:${here}:secret:remote/${stack}/*`
  const objects = (may: readonly string[], prefixes: readonly string[]): Right => ({
    may,
    on: prefixes.map((prefix) => `${bucket}/${prefix}/*`),
    why: BELOW,
  })
  return {
    /** All items, and the indexes. Never a scan. */
    items: (): Right => ({
      may: ITEMS.map((action) => `dynamodb:${action}`),
      on: [table, ...TABLE.indexes.map(({ name }) => `${table}/index/${name}`)],
    }),
    reading: (...prefixes: readonly string[]) => objects(['s3:GetObject'], prefixes),
    writing: (...prefixes: readonly string[]) => objects(['s3:GetObject', 's3:PutObject'], prefixes),
    /** Without it, S3 answers for a missing object that it is forbidden. */
    listing: (): Right => ({ may: ['s3:ListBucket'], on: [bucket] }),
    readingSecrets: (): Right => ({ may: ['secretsmanager:GetSecretValue'], on: [secrets], why: NAMED }),
    /** Without ever reading one. */
    forgettingSecrets: (): Right => ({ may: ['secretsmanager:DeleteSecret'], on: [secrets], why: NAMED }),
    /** And finding those that nobody needs any more. */
    sweepingSecrets: (): Right[] => [
      { may: ['secretsmanager:DeleteSecret'], on: [secrets], why: NAMED },
      { may: ['secretsmanager:ListSecrets'], on: ['*'], why: 'It takes no resource, and gives no values.' },
    ],
    keepingSecrets: (): Right[] => [
      { may: KEEP_SECRETS.map((action) => `secretsmanager:${action}`), on: [secrets], why: NAMED },
      {
        may: ['secretsmanager:BatchGetSecretValue', 'secretsmanager:ListSecrets'],
        on: ['*'],
        why: 'These two take no resource; whose values they give is decided by GetSecretValue.',
      },
    ],
  }
}
export type KeptRights = ReturnType<typeof keptRights>
