import {
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDiskAccounts } from '../../lambdas/aws/disk-accounts.ts'
import { openDynamoWorkspaceStore } from '../../lambdas/aws/dynamo-workspace-store.ts'
import { openEbsVolumes } from '../../lambdas/aws/ebs-volumes.ts'
import { openWorkspaceChanges } from '../../lambdas/aws/workspace-changes.ts'
import { openWorkspaceVolumes } from '../../lambdas/aws/workspace-volumes.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'
import { until } from '../rehearsal/until.ts'
import { openEc2World } from '../support/ec2-world.ts'
import { openMortality } from '../support/mortality.ts'

let aws: Aws
beforeAll(async () => {
  aws = await openAws()
})
afterAll(() => aws?.close())

const SESSION = 's-0000000001'
const clock = { now: () => Date.now() }

/** Workspaces with their disks, whose function can be made to die right after a call of AWS's, before it has heard the answer. */
const openWorld = async () => {
  const ec2World = await openEc2World(aws)
  const { ec2, stack, table, subnets } = ec2World
  const { dying, dieAfter, walked } = openMortality()
  const mortal = { dynamo: dying(table.dynamo), tableName: table.tableName }
  const ebs = openEbsVolumes({ ec2: dying(ec2), stack, patience: 0.05 })
  const disks = openWorkspaceVolumes({ ...mortal, ebs, stack, clock })
  const accounts = openDiskAccounts({ ...mortal, prices: ec2World.prices, clock })
  const zones = subnets.map(({ zone }) => zone)
  const names = async () => (await store.list()).map(({ name }) => name)
  const changes = openWorkspaceChanges({ disks, ebs, accounts, stack, zones, clock, names })
  const store = openDynamoWorkspaceStore({ ...mortal, volumes: changes.volumes, clock })
  const Filters = [{ Name: 'tag:remote:stack', Values: [stack] }]
  return {
    ...ec2World,
    disks,
    store,
    changes,
    zones,
    dieAfter,
    walked,
    volumes: async () => (await ec2.send(new DescribeVolumesCommand({ Filters }))).Volumes ?? [],
    snapshots: async () => (await ec2.send(new DescribeSnapshotsCommand({ Filters }))).Snapshots ?? [],
    machine: async (zone: string) => {
      const SubnetId = subnets.find((subnet) => subnet.zone === zone)?.id ?? ''
      const ask = { MinCount: 1, MaxCount: 1, ImageId: 'ami-12c6146b', InstanceType: 't3.small' as const, SubnetId }
      return (await ec2.send(new RunInstancesCommand(ask))).Instances?.[0]?.InstanceId ?? ''
    },
  }
}
type World = Awaited<ReturnType<typeof openWorld>>

const create = (world: World, name: string) =>
  world.store.create({ name, runtime: 'cloud', sizeBytes: 2 * 1024 ** 3, createdAt: '2026-11-21T08:00:00.000Z' })

/** A workspace that a session has used, on a machine that is gone. */
const used = async (world: World, name: string) => {
  await create(world, name)
  await world.store.hold(name, SESSION)
  const disk = await world.disks.of(name, SESSION, world.zones)
  const machine = await world.machine(disk.zone)
  await world.disks.attach(name, SESSION, disk.volume, machine)
  await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [machine] }))
  await world.store.release(name, SESSION, {})
  return disk
}

it('a disk is made once, wherever its function dies', async () => {
  const world = await openWorld()
  await create(world, 'a')
  await world.store.hold('a', SESSION)
  expect(await world.walked(() => world.disks.of('a', SESSION, world.zones))).toBeGreaterThanOrEqual(3)
  const disk = await world.disks.of('a', SESSION, world.zones.toReversed())
  expect(disk).toMatchObject({ zone: world.zones[0], sizeGb: 2, isUntouched: true })
  expect((await world.volumes()).map(({ VolumeId }) => VolumeId)).toEqual([disk.volume])
})

it('an untouched disk goes to another zone, wherever that is cut off, and leaves none behind', async () => {
  const world = await openWorld()
  await create(world, 'a')
  await world.store.hold('a', SESSION)
  const [, there = ''] = world.zones
  await world.walked(async () => {
    const disk = await world.disks.of('a', SESSION, world.zones)
    if (disk.zone !== there) await world.disks.elsewhere(disk, SESSION, there)
  })
  const disk = await world.disks.of('a', SESSION, world.zones)
  expect(disk).toMatchObject({ zone: there, isUntouched: true })
  expect((await world.volumes()).map(({ VolumeId, AvailabilityZone }) => [VolumeId, AvailabilityZone])).toEqual([
    [disk.volume, there],
  ])
})

it('a disk that a machine has had is never given up for another zone', async () => {
  const world = await openWorld()
  const disk = await used(world, 'a')
  await world.store.hold('a', SESSION)
  expect(await world.disks.of('a', SESSION, world.zones)).toMatchObject({ volume: disk.volume, isUntouched: false })
  await expect(world.disks.elsewhere(disk, SESSION, world.zones[1] ?? '')).rejects.toMatchObject({ code: 'held' })
  expect(await world.volumes()).toHaveLength(1)
})

it('who does not hold a workspace neither makes nor attaches its disk', async () => {
  const world = await openWorld()
  const { volume, zone } = await used(world, 'a')
  await world.store.hold('a', 's-0000000002')
  const machine = await world.machine(zone)
  await expect(world.disks.attach('a', SESSION, volume, machine)).rejects.toMatchObject({ code: 'held' })
  expect((await world.volumes())[0]?.Attachments).toEqual([])
  await create(world, 'b')
  await expect(world.disks.of('b', SESSION, world.zones)).rejects.toMatchObject({ code: 'held' })
  expect(await world.volumes()).toHaveLength(1)
})

it('a move arrives wherever it was cut off: one disk there, none here, no snapshot left, and no session meanwhile', async () => {
  const world = await openWorld()
  const before = await used(world, 'a')
  const [, there = ''] = world.zones
  await world.walked(() => world.store.move('a', there))
  expect(await world.store.hold('a', SESSION)).toBe((await world.store.get('a'))?.movingTo === undefined)
  await world.store.release('a', SESSION, {})
  await until('the workspace is there', async () => {
    await world.walked(() => world.changes.carryOn('a'))
    return (await world.store.get('a'))?.movingTo === undefined ? true : undefined
  })
  const after = await world.store.get('a')
  expect(after).toMatchObject({ zone: there })
  expect(after?.volume).not.toBe(before.volume)
  expect((await world.volumes()).map(({ VolumeId, Size }) => [VolumeId, Size])).toEqual([[after?.volume, 2]])
  expect(await world.snapshots()).toEqual([])
  expect(await world.store.hold('a', SESSION)).toBe(true)
})

it('a workspace on its way is taken up by whoever looks, and told to who wants it', async () => {
  const world = await openWorld()
  await used(world, 'a')
  const [, there = '', third = ''] = world.zones
  const begun = await world.store.move('a', there)
  expect(begun.movingTo).toBe(there)
  expect(await world.store.hold('a', SESSION)).toBe(false)
  await expect(world.store.delete('a')).rejects.toMatchObject({ code: 'held', message: expect.stringContaining(there) })
  await expect(world.store.move('a', third)).rejects.toMatchObject({ code: 'conflict' })
  await until('it is there', async () => {
    await world.changes.carryOnAll()
    return (await world.store.get('a'))?.movingTo === undefined ? true : undefined
  })
  expect((await world.store.get('a'))?.zone).toBe(there)
})

it('what a workspace holds is there until its next disk is, and another one is made when EBS fails to make that', async () => {
  const world = await openWorld()
  const before = await used(world, 'a')
  const [, there = ''] = world.zones
  await aws.control.fault({ code: 'error', action: 'CreateSnapshot', made: true, times: 1 })
  await aws.control.fault({ code: 'error', action: 'CreateVolume', made: true, times: 1 })
  await world.store.move('a', there)
  let failures = 0
  await until('it is there', async () => {
    const moving = await world.store.get('a')
    if (moving?.movingTo === undefined) return true
    // The disk that it leaves, whatever happens on the way.
    expect((await world.volumes()).map(({ VolumeId }) => VolumeId)).toContain(before.volume)
    await world.changes.carryOn('a').catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'unavailable' })
      failures += 1
    })
    return undefined
  })
  expect(failures).toBeGreaterThan(0)
  const after = await world.store.get('a')
  expect((await world.volumes()).map(({ VolumeId, State }) => [VolumeId, State])).toEqual([[after?.volume, 'available']])
  expect(after?.zone).toBe(there)
  expect(await world.snapshots()).toEqual([])
})

it('a move that cannot go on is a failure of whoever looks, which is tried again and told', async () => {
  const world = await openWorld()
  await used(world, 'a')
  await world.store.move('a', world.zones[1] ?? '')
  await aws.control.fault({ code: 'UnauthorizedOperation', service: 'ec2', action: 'DescribeSnapshots' })
  await expect(world.changes.carryOnAll()).rejects.toThrow('could not be moved on: a')
  await aws.control.clearFaults()
})

it('a workspace without a disk is moved by a word, and has none to copy', async () => {
  const world = await openWorld()
  await create(world, 'a')
  const [, there = ''] = world.zones
  expect(await world.store.move('a', there)).toMatchObject({ zone: there })
  await expect(world.store.snapshot('a')).rejects.toMatchObject({ code: 'refused' })
  await expect(world.store.move('a', 'nowhere-1a')).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('nowhere-1a'),
  })
  await world.store.hold('a', SESSION)
  expect((await world.disks.of('a', SESSION, world.zones)).zone).toBe(there)
})

it('a snapshot of the same state is one, wherever its function dies', async () => {
  const world = await openWorld()
  await used(world, 'a')
  await world.walked(() => world.store.snapshot('a'))
  await world.store.snapshot('a')
  const { snapshots = [] } = (await world.store.get('a')) ?? {}
  expect((await world.snapshots()).map(({ SnapshotId }) => SnapshotId)).toEqual(snapshots.map(({ id }) => id))
  expect(snapshots).toHaveLength(1)
  await world.store.deleteSnapshot('a', snapshots[0]?.id ?? '')
  expect([await world.snapshots(), (await world.store.get('a'))?.snapshots]).toEqual([[], undefined])
})

it('deleting leaves no disk and no snapshot, wherever it was cut off, also of a disk that was only just made', async () => {
  const world = await openWorld()
  await used(world, 'a')
  await world.store.snapshot('a')
  await world.walked(() => world.store.delete('a'))
  expect([await world.volumes(), await world.snapshots(), await world.store.list()]).toEqual([[], [], []])

  await create(world, 'b')
  await world.store.hold('b', SESSION)
  // The disk is made, and its id was never heard of.
  world.dieAfter(4)
  await expect(world.disks.of('b', SESSION, world.zones)).rejects.toThrow()
  world.dieAfter(Number.POSITIVE_INFINITY)
  expect(await world.volumes()).toHaveLength(1)
  await world.store.release('b', SESSION, {})
  await world.store.delete('b')
  expect(await world.volumes()).toEqual([])
})

it('a disk grows with its workspace, and one that is not made yet is made so large', async () => {
  const world = await openWorld()
  await used(world, 'a')
  expect(await world.store.resize('a', 5 * 1024 ** 3)).toMatchObject({ sizeBytes: 5 * 1024 ** 3 })
  expect((await world.volumes())[0]?.Size).toBe(5)
  await create(world, 'b')
  await world.store.resize('b', 3 * 1024 ** 3)
  await world.store.hold('b', SESSION)
  expect((await world.disks.of('b', SESSION, world.zones)).sizeGb).toBe(3)
})
