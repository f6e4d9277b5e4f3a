import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AwsV4Signer } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ROUTES, type RouteDoc } from '../../core/api/route-table.ts'
import type { Grant, RunSpec } from '../../core/contract/runner.ts'
import { REGION } from './cloud.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { type Answer, EXPECTED, type Principal, WHOSE } from './route-matrix.ts'
import { type Keys, type Signed, signedCall } from './signed-call.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal
let a: string
let b: string
let keys: Record<'person' | 'machineA' | 'machineB' | 'ended' | 'stranger' | 'grant', Keys>
let grants: { a: Grant; b: Grant }

/** One of these calls could change nothing: what takes a body is given one that cannot be right. */
const BODY = '[]'
const pathOf = (route: string, attempt = 1) =>
  (route.split(' ')[1] ?? '')
    .replace(':attempt', route.includes('/runner/') ? String(attempt) : '1')
    .replace(/:session|:id/, route.includes('repositories') ? 'e'.repeat(64) : a)
    .replace(':sha256', 'f'.repeat(64))
    .replace(':first', '1')
    .replace(':snapshot', 'snap-0123456789abcdef0')
    .replace(':name', route.includes('secrets') ? 'NOT_THERE' : 'not-there')

const sign = (path: string, method: string, credentials: Keys, body?: string) =>
  signedCall(`${rehearsal.outputs['ApiUrl']}${path}`, method, credentials, body)
const bodyFor = (method: string) => (method === 'GET' || method === 'DELETE' ? undefined : BODY)
const send = ({ url, method, headers }: Signed, body = bodyFor(method)) =>
  fetch(url, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) })

const CALLS: Record<Principal, (route: RouteDoc['route']) => Promise<Signed>> = (() => {
  const by = (who: keyof typeof keys, change?: (signed: Signed) => Signed, attempt?: number) => async (route: string) => {
    const [method = ''] = route.split(' ')
    const signed = await sign(pathOf(route, attempt), method, keys[who], bodyFor(method))
    return change?.(signed) ?? signed
  }
  const edited = (edit: (headers: Headers) => void) => (signed: Signed) => {
    const headers = new Headers(signed.headers)
    edit(headers)
    return { ...signed, headers }
  }
  const otherDigit = (text: string) => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
  return {
    person: by('person'),
    'machine of the session': by('machineA'),
    'machine of another session': by('machineB'),
    'machine of the session, for another attempt': by('machineA', undefined, 2),
    "the session's grant": by('grant'),
    'somebody of the account without the policy': by('stranger'),
    'nobody: no signature': by(
      'person',
      edited((headers) => headers.delete('authorization')),
    ),
    'a key that nobody has': async (route) => {
      const [method = ''] = route.split(' ')
      return sign(pathOf(route), method, { ...keys.person, accessKeyId: 'AKIAUNKNOWNUNKNOWN00' }, bodyFor(method))
    },
    'a machine whose credentials have ended': by('ended'),
    'a person whose signature was changed': by(
      'person',
      edited((headers) => headers.set('authorization', otherDigit(headers.get('authorization') ?? ''))),
    ),
    'the machine, its call changed after it was signed': by('machineA', (signed) => ({ ...signed, url: `${signed.url}?more=1` })),
    'the machine, its token left out': by(
      'machineA',
      edited((headers) => headers.delete('x-amz-security-token')),
    ),
  }
})()

const answered = async (response: Response): Promise<Answer | string> => {
  const text = await response.text()
  if (response.status === 403) return text.includes('"code"') ? `the control plane said 403: ${text}` : 'gate'
  if (response.status === 409 && text.includes('this caller may not make this call')) return 'refused'
  return response.status < 500 ? 'in' : `${response.status} ${text}`
}

beforeAll(async () => {
  rehearsal = await openRehearsal({ machines: false })
  const { cli, cloud, env } = rehearsal
  const { control } = cloud
  const done = async (args: string[], stdin?: string) => {
    const { code, out, stderr } = await cli(args, stdin === undefined ? {} : { stdin })
    expect(code, stderr).toBe(0)
    return out.trim()
  }
  await done(['cloud', 'use'])
  for (const name of ['OF_A', 'OF_B']) await done(['secrets', 'set', name, '--on', 'cloud'], `value-${name}`)
  const dispatch = (name: string) =>
    done(['dispatch', '--detach', '--quiet', '--no-repo', '--agent', 'shell', '--secret', name, 'true'])
  ;[a, b] = [await dispatch('OF_A'), await dispatch('OF_B')]
  const machine = (session: string) =>
    until('it has a machine', async () =>
      (await control.instances()).find(({ tags, roleArn }) => tags['remote:session'] === session && roleArn !== undefined),
    )
  const [first, second] = [await machine(a), await machine(b)]
  const role = first.roleArn ?? ''
  const ended = await control.credentials(role, first.id)
  await control.expire(ended.accessKeyId)
  const [machineA, machineB] = [await control.credentials(role, first.id), await control.credentials(role, second.id)]
  const person = { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '' }
  const stranger = await control.user('stranger', [])
  keys = { person, machineA, machineB, ended, stranger, grant: person }
  const hello = async (session: string, credentials: Keys) =>
    until('its launch is recorded', async () => {
      const body = JSON.stringify({ runnerVersion: '0', facts: {} })
      const answer = await send(await sign(`/v1/runner/${session}/1/hello`, 'POST', credentials, body), body)
      return answer.status === 425 ? undefined : ((await answer.json()) as RunSpec).grant
    })
  grants = { a: await hello(a, machineA), b: await hello(b, machineB) }
  keys.grant = grants.a.credentials
})
afterAll(() => rehearsal?.close())

it('every route of the API is somebody’s', () => {
  expect(Object.keys(WHOSE).toSorted()).toEqual(ROUTES.map(({ route }) => route).toSorted())
})

describe.each(Object.keys(EXPECTED) as Principal[])('%s', (principal) => {
  it('is answered by every route as it should be', async () => {
    const answers: Record<string, string> = {}
    const expected: Record<string, string> = {}
    for (const { route } of ROUTES) {
      answers[route] = await answered(await send(await CALLS[principal](route)))
      const whose = WHOSE[route]
      expected[route] = whose === undefined ? 'nobody has thought of it' : EXPECTED[principal][whose]
    }
    expect(answers).toEqual(expected)
  })
})

describe('the live path', () => {
  const open = async (query: string, credentials: Keys | undefined): Promise<number> => {
    const url = `${(rehearsal.outputs['SocketUrl'] ?? '').replace(/^ws/, 'http')}?${query}`
    const signer =
      credentials &&
      new AwsV4Signer({
        ...credentials,
        url,
        method: 'GET',
        service: 'execute-api',
        region: REGION,
        signQuery: true,
      } as ConstructorParameters<typeof AwsV4Signer>[0])
    const ready = signer ? (await signer.sign()).url.href : url
    const socket = new WebSocket(ready.replace(/^http/, 'ws'))
    return new Promise<number>((resolve) => {
      socket.once('open', () => {
        socket.close()
        resolve(101)
      })
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
      socket.on('error', () => undefined)
    })
  }
  const runner = (session: string, attempt = 1) => `role=runner&session=${session}&attempt=${attempt}`

  it('lets viewers in, and machines as the runner of their own attempt', async () => {
    expect(await open('role=viewer', keys.person)).toBe(101)
    expect(await open(runner(a), keys.machineA)).toBe(101)
  })
  it('lets nobody else in', async () => {
    const refused = [
      await open(runner(a), keys.person),
      await open(runner(b), keys.machineA),
      await open(runner(a, 2), keys.machineA),
      await open('role=viewer', keys.machineA),
      await open('role=viewer', keys.grant),
      await open('role=viewer', keys.stranger),
      await open('role=viewer', undefined),
      await open(runner(a), keys.ended),
    ]
    expect(refused).toEqual(refused.map(() => 403))
  })
})

describe("a session's own credentials", () => {
  const DENIED = { name: expect.stringMatching(/^AccessDenied(Exception)?$/) }
  const clients = ({ credentials }: { credentials: Keys }) => {
    const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials
    const shared = {
      region: REGION,
      endpoint: rehearsal.endpoint,
      credentials: { accessKeyId, secretAccessKey, sessionToken },
      maxAttempts: 1,
    }
    return {
      s3: new S3Client({ ...shared, forcePathStyle: true }),
      secrets: new SecretsManagerClient(shared),
      table: new DynamoDBClient(shared),
    }
  }
  const put = (s3: S3Client, Key: string) => s3.send(new PutObjectCommand({ Bucket: grants.a.bucket, Key, Body: 'x' }))
  const get = (s3: S3Client, Key: string) => s3.send(new GetObjectCommand({ Bucket: grants.a.bucket, Key }))

  it('write its own log and read its own secrets', async () => {
    const { s3, secrets } = clients(grants.a)
    await put(s3, `${grants.a.prefix}log/1/000000000001`)
    for (const { arn } of grants.a.secrets) await secrets.send(new GetSecretValueCommand({ SecretId: arn }))
    expect(grants.a.secrets.length).toBeGreaterThan(0)
  })
  it('reach nothing of another session, and nothing of the control plane', async () => {
    const { s3, secrets, table } = clients(grants.a)
    await put(clients(grants.b).s3, `${grants.b.prefix}checkpoint/1/agent.tar.gz`)
    for (const path of ['log/1/000000000001', 'checkpoint/1/agent.tar.gz', 'bundles/x']) {
      await expect(put(s3, `${grants.b.prefix}${path}`)).rejects.toMatchObject(DENIED)
      await expect(get(s3, `${grants.b.prefix}${path}`)).rejects.toMatchObject(DENIED)
    }
    for (const path of ['log/2/000000000001', 'checkpoint/2/agent.tar.gz', 'other'])
      await expect(put(s3, `${grants.a.prefix}${path}`)).rejects.toMatchObject(DENIED)
    await expect(put(s3, 'records/x')).rejects.toMatchObject(DENIED)
    await expect(s3.send(new ListObjectsV2Command({ Bucket: grants.a.bucket }))).rejects.toMatchObject(DENIED)
    for (const { arn } of grants.b.secrets)
      await expect(secrets.send(new GetSecretValueCommand({ SecretId: arn }))).rejects.toMatchObject(DENIED)
    const item = new GetItemCommand({
      TableName: rehearsal.outputs['TableName'],
      Key: { pk: { S: `S#${a}` }, sk: { S: 'session' } },
    })
    await expect(table.send(item)).rejects.toMatchObject(DENIED)
  })
  it('are those of a machine that was given up no longer, once they have ended', async () => {
    const { s3 } = clients(grants.b)
    await rehearsal.cloud.control.expire(grants.b.credentials.accessKeyId)
    await expect(put(s3, `${grants.b.prefix}log/1/000000000009`)).rejects.toMatchObject({ name: 'ExpiredTokenException' })
  })
})

it('a machine whose session is over is told so, whatever it says', async () => {
  const killed = await rehearsal.cli(['terminate', b, '--now'])
  expect(killed.code, killed.stderr).toBe(0)
  const renew = async () => send(await sign(`/v1/runner/${b}/1/renew`, 'POST', keys.machineB, BODY))
  const told = await until(
    'its attempt is over',
    async () => {
      const answer = await renew()
      return answer.status === 409 ? ((await answer.json()) as object) : undefined
    },
    120_000,
  )
  expect(told).toMatchObject({ code: 'fenced', message: expect.stringContaining(`attempt 1 of ${b} is over`) })
})
