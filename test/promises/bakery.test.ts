import { DescribeImagesCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openBakery } from '../../lambdas/aws/bake.ts'
import { dryLaunch } from '../../lambdas/aws/dry-launch.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'
import { until } from '../rehearsal/until.ts'
import { openEc2World } from '../support/ec2-world.ts'

let aws: Aws
beforeAll(async () => {
  aws = await openAws()
})
afterEach(() => aws.control.clearFaults())
afterAll(() => aws?.close())

const openKitchen = async () => {
  const world = await openEc2World(aws)
  const { ec2, machines, stack, subnets, templates, prices } = world
  const used: string[] = []
  let later = 0
  const bakery = openBakery({
    ec2,
    machines,
    stack,
    version: '1.0.0',
    subnets,
    templates,
    clock: { now: () => Date.now() + later },
    prices,
    use: async (_, image) => {
      used.push(image)
    },
  })
  const images = async () =>
    (await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name: 'tag:remote:stack', Values: [stack] }] })))
      .Images ?? []
  const state = async (id: string) => {
    const found = await ec2.send(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] }))
    return found.Reservations?.[0]?.Instances?.[0]?.State?.Name
  }
  const powersOff = async (id: string, console: string) => {
    const body = JSON.stringify({ why: 'instance-initiated', console })
    const told = await fetch(`${aws.endpoint}/_rehearsal/instances/${id}/terminated`, { method: 'POST', body })
    expect(told.ok).toBe(true)
  }
  const pass = (ms: number) => {
    later += ms
  }
  return { ...world, bakery, used, images, state, powersOff, pass }
}

describe('an image', () => {
  it('is made where the first zone has no machine of that type, which says nothing against the others', async () => {
    const { bakery, ec2, stack, subnets, templates } = await openKitchen()
    await aws.control.fault({ code: 'Unsupported', service: 'ec2', action: 'RunInstances', times: subnets.length - 1 })
    const { builder } = await bakery.begin('x64')
    expect(builder).toMatch(/^i-/)
    await aws.control.fault({ code: 'Unsupported', service: 'ec2', action: 'RunInstances', times: 1 })
    const launches = await dryLaunch({ ec2, stack, subnets, templates })
    expect(launches.map(({ ok }) => ok)).toEqual([true, true, true, true])
    await bakery.end(builder)
  })

  it('is refused at once where no zone would help, and told as a shortage where none has one', async () => {
    const { bakery, running } = await openKitchen()
    await aws.control.fault({ code: 'VcpuLimitExceeded', service: 'ec2', action: 'RunInstances', times: 1 })
    await expect(bakery.begin('x64')).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('vCPUs') })
    await aws.control.fault({ code: 'InsufficientInstanceCapacity', service: 'ec2', action: 'RunInstances' })
    await expect(bakery.begin('x64')).rejects.toMatchObject({ code: 'unavailable' })
    expect(await running()).toEqual([])
  })

  it('waits for what the machine said last: EC2 shows what was there at its start for a while', async () => {
    const { bakery, images, state, powersOff, used } = await openKitchen()
    const { builder } = await bakery.begin('x64')
    await powersOff(builder, 'remote: baked 0123456789abcdef fedcba9876543210\n')
    expect(await bakery.look(builder)).toEqual({ stage: 'preparing' })
    expect(await state(builder)).toBe('stopped')
    const done = await until('it is made', async () => {
      const baking = await bakery.look(builder)
      return baking.stage === 'done' ? baking : undefined
    })
    expect((await images()).map(({ ImageId }) => ImageId)).toEqual([done.image])
    expect(used).toEqual([done.image])
  })

  it('of one machine is one, also when it is asked for again before EC2 shows it', async () => {
    const { bakery, ec2, images, powersOff } = await openKitchen()
    const { builder } = await bakery.begin('x64')
    await powersOff(builder, 'remote: baked 0123456789abcdef fedcba9876543210\n')
    const send = ec2.send.bind(ec2) as (command: unknown) => Promise<unknown>
    Object.assign(ec2, {
      send: (command: unknown) => (command instanceof DescribeImagesCommand ? Promise.resolve({ Images: [] }) : send(command)),
    })
    const imaging = async () => (await bakery.look(builder)).stage === 'imaging' || undefined
    await until('it is being made', imaging)
    expect(await imaging()).toBe(true)
    Object.assign(ec2, { send })
    expect(await images()).toHaveLength(1)
    await bakery.end(builder)
  })

  it('of a machine that went without a word is given up when it would have given up itself', async () => {
    const { bakery, state, powersOff, pass } = await openKitchen()
    const { builder } = await bakery.begin('x64')
    await powersOff(builder, 'a kernel panics\n')
    expect(await bakery.look(builder)).toEqual({ stage: 'preparing' })
    pass(31 * 60_000)
    expect(await bakery.look(builder)).toEqual({ stage: 'failed', why: 'it powered off without a word' })
    expect(await state(builder)).toBe('terminated')
  })
})
