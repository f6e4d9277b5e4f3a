import { describe, expect, it } from 'vitest'
import { TABLE } from '../../lambdas/aws/table.ts'
import { ofType, properties, synthesized } from './synthesized.ts'

describe('what is kept', () => {
  const { state } = synthesized()

  it('has the logical ids it had when it was first deployed: another id would be another, empty table', () => {
    expect(ofType(state, 'AWS::DynamoDB::Table').map(([id]) => id)).toEqual(['TableCD117FA1'])
    expect(ofType(state, 'AWS::S3::Bucket').map(([id]) => id)).toEqual(['Bucket83908E77'])
  })
  it('is known to the other stack by names that stay', () => {
    const names = Object.values(state.Outputs ?? {}).map((output) => (output as { Export?: { Name: string } }).Export?.Name)
    expect(names.toSorted()).toEqual(['remote-state-bucket', 'remote-state-table'])
  })
  it('stays when the stack is deleted or a resource is replaced', () => {
    for (const [id, { Type, ...policies }] of Object.entries(state.Resources)) {
      if (Type === 'AWS::S3::BucketPolicy') continue
      expect(policies, id).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
    }
  })
  it('is one table with the keys and indexes that the functions use, paid for by use', () => {
    const [Properties = {}] = properties(state, 'AWS::DynamoDB::Table')
    const keys = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ]
    expect(Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keys(TABLE.partitionKey, TABLE.sortKey),
      TimeToLiveSpecification: { AttributeName: TABLE.timeToLive, Enabled: true },
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      GlobalSecondaryIndexes: TABLE.indexes.map(({ name, partitionKey, sortKey }) => ({
        IndexName: name,
        KeySchema: keys(partitionKey, sortKey),
      })),
    })
  })
  it('has the indexes it had when it was first deployed: CloudFormation changes none, and makes one more in one update', () => {
    const [Properties = {}] = properties(state, 'AWS::DynamoDB::Table')
    const indexes = Properties['GlobalSecondaryIndexes'] as {
      IndexName: string
      KeySchema: { AttributeName: string }[]
      Projection: { NonKeyAttributes?: string[] }
    }[]
    const described = indexes.map(({ IndexName, KeySchema, Projection }) =>
      [IndexName, ...KeySchema.map(({ AttributeName }) => AttributeName), ...(Projection.NonKeyAttributes ?? [])].join(' '),
    )
    // After the next version one line more may be here, and none of these another.
    expect(described).toEqual(['list listPk listSk until depth', 'active activePk activeSk', 'ids idPk idSk listSk'])
  })
  it('is one bucket that takes no plain HTTP, is not public and keeps no versions', () => {
    const [Properties = {}] = properties(state, 'AWS::S3::Bucket')
    expect(Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    })
    expect(Properties).not.toHaveProperty('VersioningConfiguration')
    const [policy] = properties(state, 'AWS::S3::BucketPolicy')
    expect(JSON.stringify(policy)).toContain('"Bool":{"aws:SecureTransport":"false"}')
  })
  it('forgets what sessions wrote after the days that were chosen, with a margin, and never what records need', () => {
    const [Properties = {}] = properties(synthesized({ keptDays: 90 }).state, 'AWS::S3::Bucket')
    const { Rules } = Properties['LifecycleConfiguration'] as { Rules: { Prefix?: string; ExpirationInDays?: number }[] }
    const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
    expect(expiring.map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays])).toEqual([
      ['sessions/', 97],
      ['bundles/', 97],
    ])
  })
})
