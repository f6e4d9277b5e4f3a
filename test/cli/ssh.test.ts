import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { version } from '../../cli/version.ts'
import type { Session } from '../../core/contract/session.ts'
import { freePort } from '../rehearsal/aws.ts'
import { type CloudWorld, openCloudWorld } from './cloud-world.ts'

const SERVER = { address: '10.113.0.7', hostKey: `ssh-ed25519 ${'A'.repeat(68)}`, user: 'agent' }
const ENDPOINT = 'eice-0123456789abcdef0'
/** Nobody listens there. */
const HOST = '127.0.0.1:9'

let here: CloudWorld
/** What else of AWS is asked: the stack, its endpoint, and to push keys. */
const aws = {
  outputs: {} as Record<string, string>,
  push: { status: 200, body: '{"Success":true}' },
  asked: [] as string[],
  /** Called instead of answering when a key is pushed. */
  silent: undefined as (() => void) | undefined,
}
const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = Buffer.concat(parts).toString()
  const action = [request.headers['x-amz-target']].flat()[0]?.split('.')[1] ?? new URLSearchParams(body).get('Action') ?? ''
  aws.asked.push(action)
  if (action === 'SendSSHPublicKey' && aws.silent) return aws.silent()
  if (action === 'SendSSHPublicKey') return response.writeHead(aws.push.status).end(aws.push.body)
  if (action === 'DescribeInstanceConnectEndpoints') return response.end(`<item><dnsName>${HOST}</dnsName></item>`)
  const outputs = Object.entries(aws.outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  )
  const stack = `<StackName>remote</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-20T12:00:00Z</CreationTime>`
  response.end(
    `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>${stack}<Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  )
})

const temporaryBefore = process.env['TMPDIR']
let temporary: string
beforeAll(async () => {
  here = await openCloudWorld({ on: 'cloud' })
  temporary = join(here.world.dir, 'tmp')
  mkdirSync(temporary)
  process.env['TMPDIR'] = temporary
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  here.world.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  if (temporaryBefore === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = temporaryBefore
  server.closeAllConnections()
  server.close()
  await here?.close()
})
beforeEach(() => {
  here.know()
  aws.asked.length = 0
  aws.silent = undefined
  aws.push = { status: 200, body: '{"Success":true}' }
  const { apiUrl, socketUrl } = here.cloud
  aws.outputs = { ApiUrl: apiUrl, SocketUrl: socketUrl, Version: version(), ConnectEndpoint: ENDPOINT }
})

const sessionThat = async (changes: Partial<Session> = {}): Promise<Session> => {
  const session = await here.dispatched()
  const attempts = [{ number: 1, machine: 'i-0123456789abcdef0', ssh: SERVER }]
  return here.cloud.change(session.id, { state: 'running', attempts, ...changes })
}
const refusal = async (...argv: string[]) => {
  const { code, out, err } = await here.run(argv)
  expect(out).toBe('')
  return [code, err] as const
}

describe('remote ssh', () => {
  it('asks for the endpoint once, and keeps where it is', async () => {
    const { id } = await sessionThat()
    await here.run(['ssh-proxy', `${id}.remote`])
    expect(aws.asked).toEqual(['DescribeStacks', 'DescribeInstanceConnectEndpoints', 'SendSSHPublicKey'])
    expect(JSON.parse(readFileSync(here.file, 'utf8'))).toMatchObject({
      clouds: { 'us-east-1': { connectEndpoint: ENDPOINT, connectHost: { endpoint: ENDPOINT, host: HOST } } },
    })
    aws.asked.length = 0
    await here.run(['ssh-proxy', `${id}.remote`])
    expect(aws.asked).toEqual(['SendSSHPublicKey'])
  })

  it('says that a stack has no endpoint, and how it gets one', async () => {
    delete aws.outputs['ConnectEndpoint']
    const [code, err] = await refusal('ssh', (await sessionThat()).id)
    expect(code).toBe(5)
    expect(err).toContain('has no Instance Connect Endpoint')
    expect(err).toContain('--set instanceConnect=true')
  })

  it.each([
    ['has ended', { state: 'ended' as const }, 5, 'has ended: its machine is gone'],
    ['waits', { state: 'queued' as const, attempts: [] }, 75, 'it is queued'],
    ['boots', { state: 'booting' as const }, 75, 'it is booting'],
    ['runs on a machine of an older stack', { attempts: [{ number: 1, machine: 'i-1' }] }, 5, 'did not say how to reach it'],
  ])('says that a session %s, before anything is asked of AWS', async (_, changes, exit, words) => {
    const { id } = await sessionThat(changes)
    expect(await refusal('ssh', id)).toEqual([exit, expect.stringContaining(words)])
    expect(await refusal('forward', id, '3000')).toEqual([exit, expect.stringContaining(words)])
    expect(aws.asked).toEqual([])
  })

  it.each([
    [
      'a missing right',
      400,
      'AccessDeniedException',
      'User: x is not authorized to perform: ec2-instance-connect:SendSSHPublicKey',
      5,
      'PeoplePolicyArn',
    ],
    [
      'an expired login',
      400,
      'ExpiredTokenException',
      'The security token included in the request is expired',
      5,
      'aws sso login',
    ],
    ['throttling', 400, 'ThrottlingException', 'Rate exceeded', 75, '20 tunnels at a time'],
    ['a machine that is going', 400, 'EC2InstanceStateInvalidException', 'The instance is stopping.', 75, 'remote explain'],
  ])('tells %s, and leaves no key', async (_, status, type, message, exit, words) => {
    aws.push = { status, body: JSON.stringify({ __type: type, message }) }
    expect(await refusal('ssh', (await sessionThat()).id)).toEqual([exit, expect.stringContaining(words)])
    expect(readdirSync(temporary)).toEqual([])
  })

  it('leaves no key when it is ended while AWS is asked', async () => {
    const { id } = await sessionThat()
    for (const argv of [
      ['ssh', id],
      ['forward', id, String(await freePort())],
    ]) {
      const asked = new Promise<void>((resolve) => {
        aws.silent = resolve
      })
      const { code, err } = await here.run(argv, { interrupt: asked })
      expect([code, err]).toEqual([argv[0] === 'ssh' ? 130 : 0, ''])
      expect(readdirSync(temporary)).toEqual([])
    }
  })

  it('needs OpenSSH', async () => {
    const { id } = await sessionThat()
    const { code, err } = await here.run(['ssh', id], { env: { ...here.world.env, PATH: here.world.dir } })
    expect([code, err]).toEqual([5, expect.stringContaining('OpenSSH is not installed here')])
    expect(readdirSync(temporary)).toEqual([])
  })

  it('has nowhere to go for a session of this computer', async () => {
    await here.world.startDaemon()
    const { id } = await here.world.shell('true')
    for (const argv of [
      ['ssh', id],
      ['forward', id, '3000'],
      ['ssh-proxy', `${id}.remote`],
    ])
      expect(await refusal(...argv)).toEqual([5, expect.stringContaining('runs on this computer')])
    await here.world.ended(id)
  })
})

it.each(['http', '0', '1:2:3'])('`%s` is no port to forward', async (port) => {
  expect(await refusal('forward', (await sessionThat()).id, port)).toEqual([2, expect.stringContaining('is no port')])
})

describe('remote ssh-proxy', () => {
  it('prepares what ssh was told to look for, with the session’s one host key', async () => {
    const { id } = await sessionThat()
    const config = (await here.run(['ssh-config'])).out
    const placeOf = (name: string) => new RegExp(`${name} "(.*)"`).exec(config)?.[1]?.replace('%h', `${id}.remote`) ?? ''
    const { code, err } = await here.run(['ssh-proxy', `${id}.remote`])
    expect([code, err]).toEqual([75, expect.stringContaining('Instance Connect Endpoint in us-east-1 cannot be reached')])
    expect(readFileSync(placeOf('UserKnownHostsFile'), 'utf8')).toBe(`${id}.remote ${SERVER.hostKey}\n`)
    expect(statSync(placeOf('IdentityFile')).mode & 0o777).toBe(0o600)
    expect(statSync(join(placeOf('IdentityFile'), '..')).mode & 0o777).toBe(0o700)
  })

  it.each(['../s-1.remote', 'example.com', `${'s'.repeat(99)}.remote`, '-oProxyCommand=x.remote'])(
    '`%s` is no host of it',
    async (host) => {
      const [code] = await refusal('ssh-proxy', '--', host)
      expect([2, 3]).toContain(code)
    },
  )
})
