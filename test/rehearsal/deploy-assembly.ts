import { readFile } from 'node:fs/promises'
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { cdkAssembly } from './cdk-assembly.ts'
import type { Outputs } from './cdk-deploy.ts'
import { ACCOUNT, type Cloud, REGION } from './cloud.ts'

const BUCKET = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`
/** What the stacks need of `cdk bootstrap`; the whole of it is deployed in cdk-deploy.ts. */
const TOOLKIT = {
  Resources: {
    Assets: { Type: 'AWS::S3::Bucket', Properties: { BucketName: BUCKET } },
    Version: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Type: 'String', Name: '/cdk-bootstrap/hnb659fds/version', Value: '30' },
    },
  },
}

/** The real stacks without the CDK's own programs: the same templates and files, handed to S3 and CloudFormation in a second or two. */
export const deployAssembly = async (cloud: Cloud, settings: Record<string, string>): Promise<Outputs> => {
  const assembly = await cdkAssembly(settings)
  const client = { region: REGION, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
  const cloudFormation = new CloudFormationClient({ ...client, endpoint: cloud.endpoint })
  const s3 = new S3Client({ ...client, endpoint: cloud.endpoint })
  const toolkit = new CreateStackCommand({ StackName: 'CDKToolkit', TemplateBody: JSON.stringify(TOOLKIT) })
  await cloudFormation.send(toolkit).catch((error: unknown) => {
    // Once per account and region, as by the CDK; a second stack finds it.
    if (!(error instanceof Error && error.name === 'AlreadyExistsException')) throw error
  })
  for (const { path, key } of assembly.files)
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: await readFile(path) }))
  const outputs: Outputs = {}
  for (const { name, template } of assembly.stacks) {
    const Key = `${name}.json`
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: await readFile(template) }))
    // moto's CloudFormation recognises its own templates by the name `localhost`.
    const TemplateURL = `http://localhost:${cloud.port}/${BUCKET}/${Key}`
    await cloudFormation.send(new CreateStackCommand({ StackName: name, TemplateURL, Capabilities: ['CAPABILITY_IAM'] }))
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
    const found = Stacks?.[0]?.Outputs ?? []
    outputs[name] = Object.fromEntries(found.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
  }
  return outputs
}
