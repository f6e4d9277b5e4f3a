import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { EC2Client } from '@aws-sdk/client-ec2'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SFNClient } from '@aws-sdk/client-sfn'
import { STSClient } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { addressOf } from '../../../agent-bootstrap/cloud/grant-storage.ts'
import { awsHost } from '../../../core/contract/aws-host.ts'

/** At least one region of every partition there is, and some that are no more than named like one. */
const REGIONS = [
  ...['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-4', 'sa-east-1', 'me-central-1', 'il-central-1', 'mx-central-1'],
  ...['cn-north-1', 'cn-northwest-1', 'us-gov-west-1', 'us-gov-east-1', 'eusc-de-east-1'],
  ...['us-iso-east-1', 'us-isob-east-1', 'us-isof-south-1', 'eu-isoe-west-1'],
  ...['ap-nowhere-9', 'cn-nowhere-9'],
]
const plain = (Region: string) => ({ Region, UseDualStack: false, UseFIPS: false })

describe.each(REGIONS)('in %s', (region) => {
  const client = { region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
  it('services listen where the AWS SDK would call them', () => {
    const theirs = {
      cloudformation: new CloudFormationClient(client).config.endpointProvider(plain(region)),
      ec2: new EC2Client(client).config.endpointProvider(plain(region)),
      secretsmanager: new SecretsManagerClient(client).config.endpointProvider(plain(region)),
      states: new SFNClient(client).config.endpointProvider(plain(region)),
      sts: new STSClient(client).config.endpointProvider({ ...plain(region), UseGlobalEndpoint: false }),
    }
    for (const [service, { url }] of Object.entries(theirs)) expect(awsHost(service, region)).toBe(url.host)
  })
  it('a machine stores its log where the AWS SDK would', () => {
    const { url } = new S3Client(client).config.endpointProvider({ ...plain(region), Bucket: 'remote-kept' })
    expect(addressOf({ region, bucket: 'remote-kept' }, 'a/b')).toBe(`${url.origin}/a/b`)
  })
})
