import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { TABLE } from '../lambdas/aws/table.ts'
import { acknowledge } from './acknowledge.ts'
import type { Config } from './config.ts'

const text = (name: string) => ({ name, type: AttributeType.STRING })
/** Records forget what the bucket holds before the bucket does. */
const MARGIN_DAYS = 7

/** Names by which another stack knows it. */
export type Kept = { tableName: string; bucketName: string }

/** What outlives every deployment: records and what sessions made. Retained, under names that must never change. */
export class StateStack extends Stack {
  readonly kept: Kept

  constructor(scope: Construct, config: Config) {
    super(scope, `${config.name}-state`, {
      description: 'What remote keeps: records, logs, results',
      tags: { 'remote:stack': config.name },
    })
    const exported = (value: string, what: string) => this.exportValue(value, { name: `${this.stackName}-${what}` })
    this.kept = {
      tableName: exported(this.#openTable(config).tableName, 'table'),
      bucketName: exported(this.#openBucket(config).bucketName, 'bucket'),
    }
  }

  #openTable({ pointInTimeRecovery, deletionProtection }: Config): Table {
    const table = new Table(this, 'Table', {
      partitionKey: text(TABLE.partitionKey),
      sortKey: text(TABLE.sortKey),
      timeToLiveAttribute: TABLE.timeToLive,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
      deletionProtection,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    for (const { name, partitionKey, sortKey, also } of TABLE.indexes) {
      const more =
        also.length > 0
          ? { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...also] }
          : { projectionType: ProjectionType.KEYS_ONLY }
      table.addGlobalSecondaryIndex({ indexName: name, partitionKey: text(partitionKey), sortKey: text(sortKey), ...more })
    }
    if (!pointInTimeRecovery)
      acknowledge(table, { DDB3: 'Turned off by whoever deployed it, with remote.pointInTimeRecovery=false.' })
    return table
  }

  #openBucket({ keptDays }: Config): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: false,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        ...['sessions/', 'bundles/'].map((prefix) => ({ prefix, expiration: Duration.days(keptDays + MARGIN_DAYS) })),
        { abortIncompleteMultipartUploadAfter: Duration.days(2) },
      ],
    })
    acknowledge(bucket, {
      S1: 'Every object is written and read by this stack alone, and who did what is in the timeline; access logs would be one more bucket to pay for.',
    })
    return bucket
  }
}
