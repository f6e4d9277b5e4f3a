import {
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { VOLUME_ERRORS } from '../../lambdas/aws/volume-errors.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'
import { until } from '../rehearsal/until.ts'
import { openEc2World } from '../support/ec2-world.ts'

let aws: Aws
let world: Awaited<ReturnType<typeof openEc2World>>
let zones: string[]
beforeAll(async () => {
  aws = await openAws()
  world = await openEc2World(aws)
  zones = world.subnets.map(({ zone }) => zone)
})
beforeEach(() => aws.control.clearFaults())
afterAll(() => aws?.close())

let made = 0
const ask = (zone = zones[0] ?? '') => ({ workspace: 'alpha', zone, sizeGb: 5, token: `token-${++made}` })
const described = async (volume: string) =>
  (await world.ec2.send(new DescribeVolumesCommand({ VolumeIds: [volume] }))).Volumes?.[0]
const machine = async (zone = zones[0] ?? '') => {
  const Subnet = world.subnets.find((subnet) => subnet.zone === zone)?.id ?? ''
  const { Instances = [] } = await world.ec2.send(
    new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ImageId: 'ami-12c6146b', InstanceType: 't3.small', SubnetId: Subnet }),
  )
  return Instances[0]?.InstanceId ?? ''
}
const terminate = (id: string) => world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
const isThere = (volume: string) =>
  until(`${volume} is there`, async () => (await world.ebs.isMade('alpha', volume)) || undefined)
const holder = async (volume: string) => (await described(volume))?.Attachments?.[0]?.InstanceId

describe('a disk of a workspace', () => {
  it('is gp3, encrypted, as large as asked, where asked, and says whose it is', async () => {
    const volume = await world.ebs.create(ask(zones[1]))
    await isThere(volume)
    expect(await described(volume)).toMatchObject({
      VolumeType: 'gp3',
      Encrypted: true,
      Size: 5,
      AvailabilityZone: zones[1],
      Tags: expect.arrayContaining([
        { Key: 'remote:stack', Value: world.stack },
        { Key: 'remote:workspace', Value: 'alpha' },
      ]),
    })
  })

  it('is made once, however often it is asked for under its token', async () => {
    const wanted = ask()
    const ids = await Promise.all([1, 2, 3].map(() => world.ebs.create(wanted)))
    expect(new Set(ids).size).toBe(1)
    await expect(world.ebs.create({ ...wanted, sizeGb: 9 })).rejects.toMatchObject({ code: 'refused' })
  })

  it('is attached to the machine that asks, again too, and goes to the next when that one has ended', async () => {
    const volume = await world.ebs.create(ask())
    const [first, second] = [await machine(), await machine()]
    await world.ebs.attach('alpha', volume, first)
    await world.ebs.attach('alpha', volume, first)
    expect(await holder(volume)).toBe(first)
    await terminate(first)
    await world.ebs.attach('alpha', volume, second)
    expect(await holder(volume)).toBe(second)
  })

  it('is never taken from a machine that runs', async () => {
    const volume = await world.ebs.create(ask())
    const [first, second] = [await machine(), await machine()]
    await world.ebs.attach('alpha', volume, first)
    await expect(world.ebs.attach('alpha', volume, second)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(first),
      hint: expect.stringContaining('aws ec2 detach-volume'),
    })
    expect(await holder(volume)).toBe(first)
  })

  it('in another zone than the machine is refused with the way out', async () => {
    const volume = await world.ebs.create(ask(zones[0]))
    await expect(world.ebs.attach('alpha', volume, await machine(zones[1]))).rejects.toMatchObject({
      code: 'refused',
      hint: 'move it: remote workspace move alpha --zone ZONE',
    })
  })

  it('is waited for while the machine starts, and only so long', async () => {
    const volume = await world.ebs.create(ask())
    const one = await machine()
    await aws.control.fault({ code: 'IncorrectState', service: 'ec2', action: 'AttachVolume', times: 2 })
    await world.ebs.attach('alpha', volume, one)
    expect(await holder(volume)).toBe(one)
    await aws.control.fault({ code: 'IncorrectState', service: 'ec2', action: 'AttachVolume' })
    await expect(world.ebs.attach('alpha', volume, one)).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
  })

  it('is deleted with its data, also when it is gone already, and never while a machine has it', async () => {
    const volume = await world.ebs.create(ask())
    const one = await machine()
    await world.ebs.attach('alpha', volume, one)
    await expect(world.ebs.delete('alpha', volume)).rejects.toMatchObject({ code: 'unavailable' })
    await terminate(one)
    await world.ebs.delete('alpha', volume)
    await world.ebs.delete('alpha', volume)
    await expect(described(volume)).rejects.toMatchObject({ name: 'InvalidVolume.NotFound' })
  })

  it('grows and never shrinks', async () => {
    const volume = await world.ebs.create(ask())
    await isThere(volume)
    await world.ebs.grow('alpha', volume, 8)
    await world.ebs.grow('alpha', volume, 8)
    expect((await described(volume))?.Size).toBe(8)
    await expect(world.ebs.grow('alpha', volume, 4)).rejects.toMatchObject({ code: 'refused' })
  })

  it('may be asked to grow to what it is, however often: EBS takes four changes a day', async () => {
    const volume = await world.ebs.create(ask())
    await isThere(volume)
    const grown = (sizeGb: number) =>
      until(`it has ${sizeGb} GB`, () =>
        world.ebs.grow('alpha', volume, sizeGb).then(
          () => true,
          // The change before is still being made.
          (error: { code: string }) => (error.code === 'unavailable' ? undefined : Promise.reject(error)),
        ),
      )
    for (const sizeGb of [6, 7, 8, 9]) await grown(sizeGb)
    for (let n = 0; n < 5; n += 1) await world.ebs.grow('alpha', volume, 9)
    await expect(grown(10)).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('four times') })
  })

  it('that EC2 does not know yet, because it was only just made, is waited for', async () => {
    const one = await machine()
    const volume = await world.ebs.create(ask())
    await world.ebs.attach('alpha', volume, one)
    expect(await holder(volume)).toBe(one)
    await aws.control.fault({ code: 'InvalidVolume.NotFound', service: 'ec2', action: 'AttachVolume' })
    await expect(world.ebs.attach('alpha', volume, one)).rejects.toMatchObject({ code: 'refused' })
  })

  it('that EC2 does not know yet grows and is copied all the same, once it does', async () => {
    const volume = await world.ebs.create(ask())
    const forgets = (action: string) => aws.control.fault({ code: 'InvalidVolume.NotFound', service: 'ec2', action, times: 1 })
    await isThere(volume)
    await forgets('DescribeVolumes')
    await world.ebs.grow('alpha', volume, 6)
    expect((await described(volume))?.Size).toBe(6)
    await forgets('CreateSnapshot')
    expect((await world.ebs.snapshot('alpha', volume, `copy-${made}`)).id).toMatch(/^snap-/)
  })

  it('that turns out not to be made is told from one that is', async () => {
    const there = await world.ebs.create(ask())
    expect(await world.ebs.isMade('alpha', there)).toBe(true)
    await aws.control.fault({ code: 'error', action: 'CreateVolume', made: true, times: 1 })
    const failed = await world.ebs.create(ask())
    expect(await world.ebs.isMade('alpha', failed)).toBe(false)
    await world.ebs.delete('alpha', failed)
    expect(await world.ebs.isMade('alpha', failed)).toBe(false)
  })

  it('has another snapshot when the first one failed', async () => {
    const volume = await world.ebs.create(ask())
    await isThere(volume)
    await aws.control.fault({ code: 'error', action: 'CreateSnapshot', made: true, times: 1 })
    const failed = await world.ebs.snapshot('alpha', volume, 'again')
    const made = await until('another one is complete', async () => {
      const known = await world.ebs.snapshot('alpha', volume, 'again')
      return known.isComplete ? known.id : undefined
    })
    expect(made).not.toBe(failed.id)
    const { Snapshots = [] } = await world.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))
    expect(Snapshots.map(({ SnapshotId }) => SnapshotId)).not.toContain(failed.id)
  })

  it('has one snapshot under a token, and another disk begins as that, in any zone', async () => {
    const volume = await world.ebs.create(ask())
    const { id } = await world.ebs.snapshot('alpha', volume, 'once')
    expect((await world.ebs.snapshot('alpha', volume, 'once')).id).toBe(id)
    await until('the snapshot is complete', async () =>
      (await world.ebs.snapshot('alpha', volume, 'once')).isComplete ? true : undefined,
    )
    const copy = await world.ebs.create({ ...ask(zones[1]), snapshot: id })
    await isThere(copy)
    expect(await described(copy)).toMatchObject({ SnapshotId: id, Encrypted: true, AvailabilityZone: zones[1] })
    await world.ebs.deleteSnapshot('alpha', id)
    await world.ebs.deleteSnapshot('alpha', id)
    const { Snapshots = [] } = await world.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))
    expect(Snapshots.map(({ SnapshotId }) => SnapshotId)).not.toContain(id)
  })

  it.each(Object.entries(VOLUME_ERRORS))('%s is answered with what it means', async (code, meaning) => {
    await aws.control.fault({ code, service: 'ec2', action: 'CreateVolume' })
    const error = await world.ebs.create(ask()).catch((problem: unknown) => problem)
    const expected =
      meaning.do === 'refuse' ? { code: 'refused', hint: meaning.hint.replaceAll('NAME', 'alpha') } : { code: 'unavailable' }
    expect(error).toMatchObject({ ...expected, message: expect.stringContaining(code) })
  })
})
