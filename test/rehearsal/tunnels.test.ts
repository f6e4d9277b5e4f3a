import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, createServer as createEcho, type Server } from 'node:net'
import { CreateFleetCommand, CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { describeEndpoint, sendPublicKey, tunnelAddress } from '../../cli/ssh/instance-connect.ts'
import type { Target } from '../../cli/ssh/target.ts'
import { type Cloud, openCloud, REGION } from './cloud.ts'
import type { PolicyDocument } from './control.ts'
import { listening } from './listening.ts'
import { deploySample, type SampleOutputs } from './sample-stack.ts'
import { until } from './until.ts'

const ADDRESS = '10.0.1.1'
const KEY = `ssh-ed25519 ${'A'.repeat(68)}`
type Keys = { accessKeyId: string; secretAccessKey: string }

let cloud: Cloud
let out: SampleOutputs
let instance: string
let ann: Keys
let admin: Keys
let echo: Server
/** What the instance host is told, and what it answers: where the machine is. */
const told: { url: string; body: unknown }[] = []
const host = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  told.push({ url: request.url ?? '', body: JSON.parse(Buffer.concat(parts).toString() || '{}') })
  response.writeHead(200).end(JSON.stringify({ privateIp: ADDRESS }))
})

const allow = (Action: string, Condition: object = {}): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: '*', Condition }],
})
const PORT = { NumericEquals: { 'ec2-instance-connect:remotePort': '22' } }

const launched = async (SecurityGroupIds: string[]): Promise<string> => {
  const credentials = admin
  const ec2 = new EC2Client({ region: REGION, endpoint: cloud.endpoint, credentials })
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}))
  const LaunchTemplateData = { ImageId: 'ami-12c6146b', InstanceType: 't3.small', SecurityGroupIds } as const
  const template = { LaunchTemplateName: `t-${randomUUID()}`, LaunchTemplateData }
  const { LaunchTemplate } = await ec2.send(new CreateLaunchTemplateCommand(template))
  const { Instances = [] } = await ec2.send(
    new CreateFleetCommand({
      Type: 'instant',
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: LaunchTemplate?.LaunchTemplateId ?? '', Version: '$Latest' },
          Overrides: [{ InstanceType: 't3.small', SubnetId: Subnets[0]?.SubnetId }],
        },
      ],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'remote:stack', Value: 'remote' }] }],
    }),
  )
  const id = Instances[0]?.InstanceIds?.[0] ?? ''
  await until(`${id} runs`, async () => (await cloud.control.instances()).find((one) => one.id === id && one.state === 'running'))
  return id
}

beforeAll(async () => {
  cloud = await openCloud()
  out = await deploySample(cloud)
  admin = await cloud.control.user('admin', [allow('*')])
  await cloud.control.places({ instances: `http://127.0.0.1:${await listening(host)}` })
  instance = await launched([out.Machines])
  echo = createEcho((socket) => socket.on('error', () => undefined).pipe(socket))
  await listening(echo)
  const { port } = echo.address() as { port: number }
  cloud.tunnels.through(async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  })
  ann = await cloud.control.user('ann', [allow('ec2-instance-connect:OpenTunnel', PORT), allow('ec2:*')])
  await cloud.control.enforce(true)
})
beforeEach(() => {
  cloud.tunnels.cut()
  cloud.tunnels.limit(3600)
})
afterAll(async () => {
  await cloud?.close()
  echo?.close()
  host.close()
})

const target = (more: Partial<Target> = {}): Target => ({
  session: 's-1',
  region: REGION,
  endpoint: out.Endpoint,
  host: cloud.tunnels.host,
  instance,
  address: ADDRESS,
  hostKey: KEY,
  user: 'agent',
  ...more,
})

/** Opens it as it stands; the status and words of the refusal when it is refused. */
const open = async (url: string) => {
  const socket = new WebSocket(url, { ca: readFileSync(cloud.tunnels.certificate) })
  socket.on('error', () => undefined)
  return new Promise<{ socket: WebSocket } | { status: number; text: string }>((resolve, reject) => {
    socket.once('open', () => resolve({ socket }))
    socket.once('error', reject)
    socket.once('unexpected-response', async (_, answer) => {
      const parts: Buffer[] = []
      for await (const part of answer) parts.push(part as Buffer)
      resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() })
    })
  })
}
const opened = async (more: Partial<Target> = {}, keys = ann): Promise<WebSocket> => {
  const answer = await open(await tunnelAddress(target(more), keys))
  if ('socket' in answer) return answer.socket
  throw new Error(`refused: ${answer.status} ${answer.text}`)
}
const refused = async (url: string) => {
  const answer = await open(url)
  return 'socket' in answer ? 'opened' : `${answer.status} ${answer.text}`
}
const closed = async (socket: WebSocket) => ((await once(socket, 'close')) as [number, Buffer])[0]

describe('our model of the Instance Connect Endpoint', () => {
  it('says where it is to whoever may ask', async () => {
    const { status, bytes } = await describeEndpoint(
      { env: { AWS_ENDPOINT_URL: cloud.endpoint }, region: REGION, keys: ann },
      out.Endpoint,
    )
    expect([status, bytes.toString()]).toEqual([200, expect.stringContaining(`<dnsName>${cloud.tunnels.host}</dnsName>`)])
    const none = await describeEndpoint({ env: { AWS_ENDPOINT_URL: cloud.endpoint }, region: REGION, keys: ann }, 'eice-0')
    expect([none.status, none.bytes.toString()]).toEqual([400, expect.stringContaining('.NotFound')])
  })

  it('carries bytes both ways, as they are', async () => {
    const socket = await opened()
    socket.send(Buffer.from([0, 255, 10]))
    expect(((await once(socket, 'message')) as [Buffer, boolean]).map(String)).toEqual([
      String(Buffer.from([0, 255, 10])),
      'true',
    ])
    socket.close()
  })

  it('lets in who is signed for it and may, for what was signed', async () => {
    const url = await tunnelAddress(target(), ann)
    expect(await refused(url.replace(ADDRESS, '10.0.1.2'))).toMatch(/^403 .*SignatureDoesNotMatch/)
    expect(await refused(url.replace(/&X-Amz-Signature=[^&]*/, ''))).toMatch(/^403 /)
    const eve = await cloud.control.user('eve', [allow('ec2:*')])
    expect(await refused(await tunnelAddress(target(), eve))).toMatch(
      /^403 .*not authorized to perform: ec2-instance-connect:OpenTunnel/,
    )
    const short = { NumericLessThanEquals: { 'ec2-instance-connect:maxTunnelDuration': '60' } }
    const bob = await cloud.control.user('bob', [allow('ec2-instance-connect:OpenTunnel', short)])
    expect(await refused(await tunnelAddress(target(), bob))).toMatch(/^403 .*not authorized/)
    expect(await refused(await tunnelAddress(target({ endpoint: 'eice-0' }), ann))).toMatch(/^404 /)
  })

  it('reaches what the security groups let it reach; else the tunnel ends without a byte', async () => {
    expect(await closed(await opened({ address: '10.0.9.9' }))).toBe(1011)
    await cloud.control.reclaim(instance, 'power-loss')
    const apart = await launched([out.Apart])
    expect(apart).not.toBe(instance)
    expect(await closed(await opened())).toBe(1011)
    await cloud.control.reclaim(apart, 'power-loss')
    instance = await launched([out.Machines])
    ;(await opened()).close()
  })

  it('ends a tunnel when its time is over', async () => {
    cloud.tunnels.limit(0.2)
    expect(await closed(await opened())).toBe(1008)
  })

  it('has twenty tunnels at a time', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => opened()))
    expect(await refused(await tunnelAddress(target(), ann))).toMatch(/^429 .*Throttling/)
    sockets[0]?.close()
    await until('one is closed', async () => (cloud.tunnels.count() === 19 ? true : undefined))
    await opened()
  })
})

describe('our model of SendSSHPublicKey', () => {
  const push = async (keys: Keys, id: string, key = KEY) => {
    const { status, bytes } = await sendPublicKey(
      { env: { AWS_ENDPOINT_URL: cloud.endpoint }, region: REGION, keys },
      { instance: id, user: 'agent' },
      key,
    )
    return `${status} ${bytes}`
  }
  const tagged = (stack: string, user: string) =>
    allow('ec2-instance-connect:SendSSHPublicKey', {
      StringEquals: { 'aws:ResourceTag/remote:stack': stack, 'ec2:osuser': user },
    })

  it('hands the key to the machine, with who pushed it', async () => {
    const may = await cloud.control.user('may', [tagged('remote', 'agent')])
    expect(await push(may, instance)).toMatch(/^200 .*"Success": true/)
    expect(told.find(({ url }) => url === `/instances/${instance}/ssh-keys`)?.body).toMatchObject({
      user: 'agent',
      key: KEY,
      caller: expect.stringMatching(/:user\/may$/),
    })
  })

  it('is refused for machines without the tag, for another user, for none, and for what is no key', async () => {
    const other = await cloud.control.user('other', [tagged('another', 'agent')])
    const root = await cloud.control.user('root', [tagged('remote', 'root')])
    const may = await cloud.control.user('may', [])
    for (const keys of [other, root]) expect(await push(keys, instance)).toMatch(/^400 .*AccessDeniedException/)
    expect(await push(may, instance, 'command="x" ssh-ed25519 AAAA\nssh-ed25519 AAAA')).toMatch(/^400 .*InvalidArgsException/)
    const any = await cloud.control.user('any', [allow('ec2-instance-connect:SendSSHPublicKey')])
    expect(await push(any, 'i-0123456789abcdef0')).toMatch(/^400 .*EC2InstanceNotFoundException/)
    await cloud.control.reclaim(instance, 'power-loss')
    expect(await push(any, instance)).toMatch(/^400 .*EC2InstanceStateInvalidException/)
  })
})
