import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CloudFormationClient, DescribeStacksCommand, ListStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { GetObjectCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnvironment, type Variable } from '../../lambdas/environment.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'
import { standInDist, temporary } from './synthesized.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const REGION = 'eu-central-1'
const LONGEST_MS = 240_000
const IMAGE = 'ami-12c6146b'
const COMMON: Variable[] = [
  'STACK',
  'VERSION',
  'TABLE',
  'BUCKET',
  'STATE_MACHINE_ARN',
  'CONNECTIONS_URL',
  'BOOT_SECONDS',
  'KEPT_DAYS',
]
const OWN: Record<string, Variable[]> = {
  Http: ['SESSION_ROLE_ARN', 'MACHINE_ROLE', 'RUNNER_BUNDLES', 'DAILY_BUDGET_USD', 'DISK_GB', 'STORED_GB'],
  Socket: ['MACHINE_ROLE'],
  Step: ['LAUNCH_TEMPLATES', 'SUBNETS', 'DISK_GB'],
  Janitor: ['MACHINE_PROFILE_ARN', 'TOPIC_ARN'],
  Spend: ['TOPIC_ARN', 'DAILY_BUDGET_USD'],
  SpotNotice: [],
  Operate: ['MACHINE_PROFILE_ARN', 'STEP_FUNCTION', 'LAUNCH_TEMPLATES', 'SUBNETS', 'IMAGE_PARAMETERS'],
}

/** The one that has disks and nothing else. */
const WORKSPACES: Variable[] = ['STACK', 'VERSION', 'TABLE', 'MACHINE_ROLE', 'SUBNETS', 'AWS_REGION', 'KEPT_DAYS']

let aws: Aws
let env: Record<string, string>

/** As a user types it in a checkout. */
const npx = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('npx', ['--no-install', ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk))
    const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), LONGEST_MS)
    child.once('close', (code) => {
      clearTimeout(late)
      if (code === 0) resolve(said)
      else reject(new Error(`npx ${args.join(' ')}: ${code}\n${said.slice(-6000)}`))
    })
  })

const settings = (dist: string) =>
  Object.entries({ dist, imageX64: IMAGE, imageArm64: IMAGE }).flatMap(([name, value]) => ['-c', `remote.${name}=${value}`])

const client = () => ({
  region: REGION,
  endpoint: aws.endpoint,
  credentials: { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '' },
})

describe('npx cdk bootstrap && npx cdk deploy --all', () => {
  let outputs: Record<string, string>
  let deploy: () => Promise<string>
  let destroy: () => Promise<string>

  beforeAll(async () => {
    const home = temporary(mkdtempSync(join(tmpdir(), 'remote-deploy-')))
    const dist = temporary(standInDist())
    aws = await openAws()
    const allowed = [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }] }]
    const { accessKeyId, secretAccessKey } = await aws.control.user('deployer', allowed)
    env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      CI: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      // moto's CloudFormation knows its own templates by this name.
      AWS_ENDPOINT_URL: `http://localhost:${aws.port}`,
    }
    const place = ['--output', join(home, 'cdk.out'), '--no-notices', ...settings(dist)]
    await npx('cdk', 'bootstrap', ...place)
    deploy = () => npx('cdk', 'deploy', '--all', '--require-approval', 'never', ...place)
    destroy = () => npx('cdk', 'destroy', 'remote', '--force', ...place)
    await deploy()
    const { Stacks } = await new CloudFormationClient(client()).send(new DescribeStacksCommand({ StackName: 'remote' }))
    outputs = Object.fromEntries(
      (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    )
  }, 2 * LONGEST_MS)
  afterAll(() => aws?.close())

  it('is done once: the same checkout again changes nothing', { timeout: LONGEST_MS }, async () => {
    expect((await deploy()).match(/\(no changes\)/g)).toHaveLength(2)
  })

  it('gives what a client needs to find everything', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(outputs).toMatchObject({ Region: REGION, Version: version })
    expect(outputs['ApiUrl']).toMatch(/^https?:\/\/[^/]+$/)
    expect(outputs['SocketUrl']).toMatch(/^\w+:\/\/[^/]+\/v1$/)
    expect(outputs['StateMachineArn']).toBe(`arn:aws:states:${REGION}:123456789012:stateMachine:remote-lifecycle`)
  })

  it('makes the table and the state machine', async () => {
    const table = await new DynamoDBClient(client()).send(new DescribeTableCommand({ TableName: outputs['TableName'] }))
    expect(table.Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).toSorted()).toEqual(['active', 'ids', 'list'])
    const machine = await new SFNClient(client()).send(
      new DescribeStateMachineCommand({ stateMachineArn: outputs['StateMachineArn'] }),
    )
    const definition = JSON.parse(machine.definition ?? '') as {
      States: Record<string, { Resource?: string; Parameters?: unknown }>
    }
    expect(definition.States['Boot']?.Resource).toBe('arn:aws:states:::lambda:invoke.waitForTaskToken')
    expect(JSON.stringify(definition.States['Place']?.Parameters)).toMatch(/:function:remote-StepFunction\w+/)
  })

  it('tells each function what it reads', async () => {
    const functions = await listed()
    expect(functions.map(({ name }) => name)).toHaveLength(Object.keys(OWN).length + 1)
    const kept = functions.find(({ name }) => name.startsWith('remote-WorkspacesFunction'))
    expect(readEnvironment({ ...kept?.environment, AWS_REGION: REGION }, WORKSPACES)).toMatchObject({ STACK: 'remote' })
    for (const [part, own] of Object.entries(OWN)) {
      const found = functions.find(({ name }) => name.startsWith(`remote-${part}Function`))
      const read = readEnvironment({ ...found?.environment, AWS_REGION: REGION }, [...COMMON, ...own])
      expect(read).toMatchObject({
        STACK: 'remote',
        TABLE: outputs['TableName'],
        BUCKET: outputs['BucketName'],
        BOOT_SECONDS: 300,
      })
    }
  })

  it('gives machines their user data, with the addresses in it', async () => {
    const functions = await listed()
    const { environment = {} } = functions.find(({ name }) => name.startsWith('remote-StepFunction')) ?? {}
    const { LAUNCH_TEMPLATES, SUBNETS } = readEnvironment(environment, ['LAUNCH_TEMPLATES', 'SUBNETS'])
    expect(SUBNETS.map(({ zone }) => zone)).toEqual(['a', 'b', 'c'].map((letter) => `${REGION}${letter}`))
    expect(Object.keys(LAUNCH_TEMPLATES)).toEqual(['x64', 'arm64'])
    for (const { id, version } of Object.values(LAUNCH_TEMPLATES)) {
      const { LaunchTemplateVersions } = await new EC2Client(client()).send(
        new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: [version] }),
      )
      const data = LaunchTemplateVersions?.[0]?.LaunchTemplateData
      const script = Buffer.from(data?.UserData ?? '', 'base64').toString()
      expect(script).toContain(`API='${outputs['ApiUrl']}'\nSOCKET='${outputs['SocketUrl']}'\nREGION='${REGION}'\n`)
      expect(data?.ImageId).toMatch(/^resolve:ssm:\/remote\/remote\/image\/(x64|arm64)$/)
    }
  })

  it('brings the runner, whose SHA-256 is known before a machine asks', async () => {
    const functions = await listed()
    const { environment = {} } = functions.find(({ name }) => name.startsWith('remote-HttpFunction')) ?? {}
    const { RUNNER_BUNDLES } = readEnvironment(environment, ['RUNNER_BUNDLES'])
    expect(Object.keys(RUNNER_BUNDLES)).toEqual(['x64', 'arm64'])
    for (const { bucket, key, sha256 } of Object.values(RUNNER_BUNDLES)) {
      const s3 = new S3Client({ ...client(), forcePathStyle: true })
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
    }
  })

  it('goes by npx cdk destroy, and leaves what is kept: table and bucket', { timeout: LONGEST_MS }, async () => {
    await destroy()
    expect(await listed()).toEqual([])
    const ec2 = new EC2Client(client())
    expect((await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates).toEqual([])
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'tag:Name', Values: ['remote'] }] }))
    expect(Vpcs).toEqual([])
    const { StackSummaries = [] } = await new CloudFormationClient(client()).send(new ListStacksCommand({}))
    const left = StackSummaries.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE').map(({ StackName }) => StackName)
    expect(left).toContain('remote-state')
    expect(left).not.toContain('remote')
    const table = await new DynamoDBClient(client()).send(new DescribeTableCommand({ TableName: outputs['TableName'] }))
    expect(table.Table?.DeletionProtectionEnabled).toBe(true)
    await new S3Client({ ...client(), forcePathStyle: true }).send(new HeadBucketCommand({ Bucket: outputs['BucketName'] ?? '' }))
  })
})

/** All functions that there are. */
const listed = async () => {
  const response = await fetch(`${aws.endpoint}/2015-03-31/functions`, {
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=x/20261121/${REGION}/lambda/aws4_request, SignedHeaders=host, Signature=x`,
    },
    signal: AbortSignal.timeout(30_000),
  })
  const { Functions } = (await response.json()) as {
    Functions: { FunctionName: string; Environment: { Variables: Record<string, string> } }[]
  }
  return Functions.map(({ FunctionName, Environment }) => ({ name: FunctionName, environment: Environment.Variables }))
}
