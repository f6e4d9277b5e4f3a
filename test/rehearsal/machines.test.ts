import { createServer } from 'node:http'
import {
  CreateFleetCommand,
  type CreateFleetCommandInput,
  CreateLaunchTemplateCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  ModifyVolumeCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Cloud, openCloud, REGION } from './cloud.ts'
import { listening } from './listening.ts'
import { deploySample, type SampleOutputs } from './sample-stack.ts'
import { until } from './until.ts'

let cloud: Cloud
let out: SampleOutputs
let ec2: EC2Client
let subnets: { id: string; zone: string }[]
let template: string
/** What an instance host is told. */
const told: { method: string; url: string; body: Record<string, unknown> }[] = []
const host = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  told.push({ method: request.method ?? '', url: request.url ?? '', body: JSON.parse(Buffer.concat(parts).toString() || '{}') })
  response.writeHead(200).end('{}')
})

beforeAll(async () => {
  cloud = await openCloud()
  out = await deploySample(cloud)
  ec2 = new EC2Client({
    region: REGION,
    endpoint: cloud.endpoint,
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  })
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}))
  subnets = Subnets.map(({ SubnetId = '', AvailabilityZone = '' }) => ({ id: SubnetId, zone: AvailabilityZone })).sort((a, b) =>
    a.zone < b.zone ? -1 : 1,
  )
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'machine',
      LaunchTemplateData: {
        ImageId: 'ami-12c6146b',
        UserData: Buffer.from('#!/bin/sh').toString('base64'),
        InstanceInitiatedShutdownBehavior: 'terminate',
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, InstanceMetadataTags: 'enabled' },
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true } },
        ],
      },
    }),
  )
  template = LaunchTemplate?.LaunchTemplateId ?? ''
  await cloud.control.places({ instances: `http://127.0.0.1:${await listening(host)}` })
})
beforeEach(() => cloud.control.clearFaults())
afterAll(async () => {
  await cloud?.close()
  host.close()
})

const fleet = (token: string, types: string[], lifecycle: 'spot' | 'on-demand' = 'spot', zones = 2): CreateFleetCommandInput => ({
  Type: 'instant',
  ClientToken: token,
  TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: lifecycle },
  LaunchTemplateConfigs: [
    {
      LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '$Latest' },
      Overrides: types.flatMap((InstanceType, n) =>
        subnets
          .slice(0, zones)
          .map(({ id }, z) => ({ InstanceType: InstanceType as 't3.small', SubnetId: id, Priority: n * 10 + z })),
      ),
    },
  ],
  TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'remote:session', Value: token }] }],
})
const launch = async (ask: CreateFleetCommandInput) => {
  const answer = await ec2.send(new CreateFleetCommand(ask))
  return {
    id: answer.Instances?.[0]?.InstanceIds?.[0] ?? '',
    type: answer.Instances?.[0]?.InstanceType,
    errors: answer.Errors ?? [],
  }
}
const described = async (id: string) => {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  return Reservations?.[0]?.Instances?.[0]
}
const state = (id: string, wanted: string) =>
  until(`${id} is ${wanted}`, async () => {
    const instance = await described(id)
    return instance?.State?.Name === wanted ? instance : undefined
  })

it('the instance host is told all that a machine needs, and then it runs', async () => {
  const { id } = await launch(fleet('s-1', ['t3.small']))
  const instance = await state(id, 'running')
  expect(instance).toMatchObject({
    InstanceType: 't3.small',
    InstanceLifecycle: 'spot',
    Placement: { AvailabilityZone: subnets[0]?.zone },
  })
  expect(told.find(({ body }) => body['id'] === id)).toMatchObject({
    method: 'POST',
    url: '/instances',
    body: {
      type: 't3.small',
      zone: subnets[0]?.zone,
      userData: 'IyEvYmluL3No',
      tags: { 'remote:session': 's-1' },
      lifecycle: 'spot',
      metadataTags: true,
      hopLimit: 1,
    },
  })
})

it('the same client token is one machine, however often and at once; with other parameters it is refused', async () => {
  const ask = fleet('s-2', ['t3.small'])
  const ids = (await Promise.all([launch(ask), launch(ask), launch(ask)])).map(({ id }) => id)
  expect(new Set(ids).size).toBe(1)
  await expect(launch(fleet('s-2', ['t3.medium']))).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' })
})

it('a pool without capacity is an error of that candidate, and the next one is tried', async () => {
  await cloud.control.fault({ code: 'InsufficientInstanceCapacity', type: 't3.small' })
  await cloud.control.fault({ code: 'InsufficientInstanceCapacity', zone: subnets[0]?.zone ?? '' })
  const { id, type, errors } = await launch(fleet('s-3', ['t3.small', 't3.medium']))
  expect(type).toBe('t3.medium')
  expect((await described(id))?.Placement?.AvailabilityZone).toBe(subnets[1]?.zone)
  expect(errors.map(({ ErrorCode }) => ErrorCode)).toEqual(Array(3).fill('InsufficientInstanceCapacity'))
})

it('a zone that lacks a type for good is an error of that candidate', async () => {
  const ask = fleet('s-nowhere', ['t3.small'], 'on-demand', 6)
  const [config] = ask.LaunchTemplateConfigs ?? []
  config?.Overrides?.sort((a) => (a.SubnetId === subnets.find(({ zone }) => zone.endsWith('1e'))?.id ? -1 : 1))
  config?.Overrides?.forEach((one, n) => {
    one.Priority = n
  })
  const { id, errors } = await launch(ask)
  expect(errors).toMatchObject([
    { ErrorCode: 'InvalidFleetConfiguration', ErrorMessage: expect.stringContaining('(us-east-1e)') },
  ])
  expect((await described(id))?.Placement?.AvailabilityZone).not.toBe('us-east-1e')
})

it('quota, spot limits and throttling arrive as AWS sends them', async () => {
  await cloud.control.fault({ code: 'MaxSpotInstanceCountExceeded', lifecycle: 'spot' })
  await cloud.control.fault({ code: 'VcpuLimitExceeded', lifecycle: 'on-demand' })
  const spot = await launch(fleet('s-4', ['t3.small']))
  expect([spot.id, spot.errors[0]?.ErrorCode]).toEqual(['', 'MaxSpotInstanceCountExceeded'])
  expect((await launch(fleet('s-5', ['t3.small'], 'on-demand'))).errors[0]?.ErrorCode).toBe('VcpuLimitExceeded')
  await cloud.control.fault({ code: 'RequestLimitExceeded', service: 'ec2', action: 'CreateFleet', times: 1 })
  await expect(launch(fleet('s-6', ['t3.small']))).rejects.toMatchObject({
    name: 'RequestLimitExceeded',
    $metadata: { httpStatusCode: 503 },
  })
  await cloud.control.clearFaults()
  expect((await launch(fleet('s-6', ['t3.small']))).id).toMatch(/^i-/)
})

it('terminating takes until the machine is off; the event says so', async () => {
  const { id } = await launch(fleet('s-7', ['t3.small'], 'on-demand'))
  await state(id, 'running')
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  expect((await described(id))?.State?.Name).toBe('shutting-down')
  expect(told.some(({ method, url }) => method === 'DELETE' && url === `/instances/${id}`)).toBe(true)
  await isOff(id, 'user-initiated')
  expect((await described(id))?.StateReason?.Code).toBe('Client.UserInitiatedShutdown')
  const log = await until('the event', async () => {
    const text = cloud.lambdas.log(out.FunctionName)
    return text.includes(id) ? text : undefined
  })
  expect(log).toContain('"detail-type":"EC2 Instance State-change Notification"')
})

const isOff = (id: string, why: string) =>
  fetch(`${cloud.endpoint}/_rehearsal/instances/${id}/terminated`, { method: 'POST', body: JSON.stringify({ why }) })

it('a spot machine is told, and then taken; one that powers itself off says so', async () => {
  const { id } = await launch(fleet('s-8', ['t3.small']))
  await state(id, 'running')
  await cloud.control.interrupt(id, 0.3)
  expect(told.find(({ url }) => url === `/instances/${id}/spot`)?.body).toMatchObject({ action: 'terminate', seconds: 0.3 })
  await until('it is taken', async () => (told.some(({ url }) => url === `/instances/${id}/kill`) ? true : undefined))
  await isOff(id, 'power-loss')
  expect((await described(id))?.StateReason?.Code).toBe('Server.SpotInstanceTermination')
  const own = await launch(fleet('s-9', ['t3.small']))
  await state(own.id, 'running')
  await isOff(own.id, 'instance-initiated')
  expect((await described(own.id))?.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown')
})

it('a volume is made once under its client token, and becomes another by a snapshot that takes its time and is told of', async () => {
  const zone = subnets[0]?.zone ?? ''
  const ask = { AvailabilityZone: zone, Size: 4, VolumeType: 'gp3' as const, ClientToken: 'volume-1' }
  const ids = await Promise.all([1, 2, 3].map(async () => (await ec2.send(new CreateVolumeCommand(ask))).VolumeId ?? ''))
  expect(new Set(ids).size).toBe(1)
  await expect(ec2.send(new CreateVolumeCommand({ ...ask, Size: 5 }))).rejects.toMatchObject({
    name: 'IdempotentParameterMismatch',
  })
  const { SnapshotId = '', State } = await ec2.send(new CreateSnapshotCommand({ VolumeId: ids[0] ?? '' }))
  expect(State).toBe('pending')
  const copy = () => ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, SnapshotId }))
  await expect(copy()).rejects.toMatchObject({ name: 'IncorrectState' })
  const log = await until('the event', async () => {
    const text = cloud.lambdas.log(out.FunctionName)
    return text.includes(SnapshotId) ? text : undefined
  })
  expect(log).toContain('"detail-type":"EBS Snapshot Notification"')
  const { VolumeId } = await copy()
  expect(
    told.filter(({ url }) => url === `/volumes/${VolumeId}` || url === `/volumes/${SnapshotId}`).map(({ body }) => body),
  ).toEqual([{ of: ids[0] }, { of: SnapshotId }])
  await expect(ec2.send(new ModifyVolumeCommand({ VolumeId: ids[0] ?? '', Size: 3 }))).rejects.toMatchObject({
    name: 'InvalidParameterValue',
  })
})

it('every call is counted, by service, action and who made it', async () => {
  await cloud.control.forgetCalls()
  await ec2.send(new DescribeInstancesCommand({}))
  await ec2.send(new DescribeInstancesCommand({}))
  expect(await cloud.control.calls()).toMatchObject([{ service: 'ec2', action: 'DescribeInstances', count: 2 }])
})
