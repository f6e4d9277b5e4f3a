import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { installedAgentsDir } from '../support/agents.ts'
import { openBedrock } from './bedrock-stub.ts'
import { REGION } from './cloud.ts'
import { bakeImage } from './debian-root-baked.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

const MODEL = 'us.anthropic.claude-haiku-4-5-20251001-v1:0'
type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken: string }
let dir: string
let rehearsal: Rehearsal
let bedrock: Awaited<ReturnType<typeof openBedrock>>

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-bedrock-'))
  const agents = join(await installedAgentsDir(), 'agents')
  bedrock = await openBedrock(
    () => rehearsal.cloud.control,
    ({ results }) =>
      results.length === 0
        ? {
            tools: [
              {
                name: 'Bash',
                input: {
                  command:
                    'cat "$AWS_CONFIG_FILE"; cat /var/lib/remote/sessions/*/login/credentials.json; until test -e go; do sleep 0.2; done; echo went',
                  description: 'Look',
                },
              },
            ],
          }
        : { text: `It says ${results.join()}` },
  )
  rehearsal = await openRehearsalInUse({
    settings: { bedrock: 'anthropic.*' },
    baked: [bakeImage(join(dir, 'image'), { agents })],
    ports: [bedrock.port],
  })
})
afterAll(async () => {
  await rehearsal?.close()
  await bedrock?.close()
  await rm(dir, { recursive: true, force: true })
})

it('Claude works without any key, by a signature that its own credentials make, and those can do nothing else', async () => {
  const { cloud, world, outputs, cli, machines } = rehearsal
  const flags = ['--env', `ANTHROPIC_MODEL=${MODEL}`, '--env', `ANTHROPIC_BEDROCK_BASE_URL=${bedrock.url}`]
  const cwd = world.repository()
  const running = cli(['dispatch', ...flags, 'look around'], { cwd })
  await Promise.race([
    until('a model is invoked', async () => bedrock.invoked[0], 150_000),
    running.then(({ stderr }) => {
      throw new Error(`it ended first: ${stderr}\n${bedrock.refused}`)
    }),
  ])
  const [instance] = await cloud.control.instances()
  const machine = await machines?.instances.get(instance?.id ?? '')?.machine
  const session = instance?.tags['remote:session'] ?? ''
  const said = await machine?.run('cat', `/var/lib/remote/sessions/${session}/login/credentials.json`)
  const { AccessKeyId, SecretAccessKey, SessionToken } = JSON.parse(said ?? '{}') as Record<string, string>
  const keys: Keys = { accessKeyId: AccessKeyId ?? '', secretAccessKey: SecretAccessKey ?? '', sessionToken: SessionToken ?? '' }
  expect(bedrock.invoked.map(({ userArn }) => userArn)).toEqual(
    bedrock.invoked.map(() => expect.stringMatching(new RegExp(`assumed-role/remote-ModelRole[^/]*/${session}-1$`))),
  )
  expect(bedrock.invoked.map(({ accessKey }) => accessKey)).toEqual(bedrock.invoked.map(() => keys.accessKeyId))

  const client = { region: REGION, endpoint: cloud.endpoint, credentials: keys, maxAttempts: 1, forcePathStyle: true }
  const s3 = new S3Client(client)
  const Bucket = outputs['BucketName'] ?? ''
  const own = `sessions/${session}/x`
  const DENIED = { name: expect.stringMatching(/^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/) }
  await expect(s3.send(new PutObjectCommand({ Bucket, Key: own, Body: 'x' }))).rejects.toMatchObject(DENIED)
  await expect(s3.send(new GetObjectCommand({ Bucket, Key: own }))).rejects.toMatchObject(DENIED)
  await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(DENIED)
  const secret = new GetSecretValueCommand({ SecretId: 'remote/remote/ANY' })
  await expect(new SecretsManagerClient(client).send(secret)).rejects.toMatchObject(DENIED)
  const item = new GetItemCommand({ TableName: outputs['TableName'], Key: { pk: { S: 'a' }, sk: { S: 'b' } } })
  await expect(new DynamoDBClient(client).send(item)).rejects.toMatchObject(DENIED)
  await expect(new EC2Client(client).send(new DescribeInstancesCommand({}))).rejects.toMatchObject(DENIED)
  const role = new AssumeRoleCommand({ RoleArn: bedrock.invoked[0]?.userArn.replace(':sts:', ':iam:'), RoleSessionName: 'x' })
  await expect(new STSClient(client).send(role)).rejects.toMatchObject({
    name: expect.stringMatching(/AccessDenied|NoSuchEntity/),
  })
  const api = new AwsClient({ ...keys, service: 'execute-api', region: REGION })
  for (const path of ['sessions', `runner/${session}/1/renew`])
    expect((await api.fetch(`${outputs['ApiUrl']}/v1/${path}`, { method: path === 'sessions' ? 'GET' : 'POST' })).status).toBe(
      403,
    )

  const models = new AwsClient({ ...keys, service: 'bedrock', region: REGION })
  const other = `${bedrock.url}/model/us.meta.llama3-3-70b-instruct-v1%3A0/invoke`
  expect((await models.fetch(other, { method: 'POST', body: '{"messages":[]}' })).status).toBe(403)
  expect(bedrock.refused).toEqual([expect.stringMatching(/^AccessDenied: .*ModelRole.*may not bedrock:InvokeModel on .*llama3/)])

  await machine?.run('touch', `/var/lib/remote/sessions/${session}/work/go`)
  const { code, out, stderr } = await running
  expect(code, stderr).toBe(0)
  expect(`${out}${stderr}`).toContain('It says')
  expect(`${out}${stderr}`).toContain('went')
  const log = (await cli(['logs', session, '--json'])).out
  expect(log).toContain('credential_process')
  expect(log).not.toContain(keys.secretAccessKey)
  expect(log).not.toContain(keys.sessionToken)
  expect(bedrock.invoked.map(({ model }) => model)).toContain(MODEL)
  expect(bedrock.refused).toHaveLength(1)
})
