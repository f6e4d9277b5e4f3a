import { CreateFleetCommand, type CreateFleetCommandOutput, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { EC2_ERRORS } from '../../lambdas/aws/ec2-errors.ts'
import { endReason } from '../../lambdas/aws/end-reason.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'
import { openEc2World } from '../support/ec2-world.ts'
import { aSession } from '../support/samples.ts'
import { keepsTheComputePromise } from './compute-promise.ts'

let aws: Aws
beforeAll(async () => {
  aws = await openAws()
})
afterEach(() => aws.control.clearFaults())
afterAll(() => aws.close())

const CLOUD = { runtime: 'cloud', instance: 't3.small' } as const
const cloud = (n: number, more: Parameters<typeof aSession>[1] = {}) => aSession(n, { ...CLOUD, ...more })

keepsTheComputePromise('EC2', async () => {
  const { compute, ec2, machines } = await openEc2World(aws)
  return {
    compute,
    obey: async (session, attempt) => {
      const machine = (await compute.find(session, attempt))?.id ?? ''
      expect((await machines.tend(machine, []))?.end).toEqual([{ session, attempt }])
      await machines.tend(machine, [{ session, attempt }])
    },
    request: CLOUD,
    kill: async (session, attempt) => {
      const machine = await compute.find(session, attempt)
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [machine?.id ?? ''] }))
    },
  }
})

describe('EC2 compute', () => {
  it('a fleet that is asked for again and answered without a machine gives the machine that it made', async () => {
    const { compute, ec2, running } = await openEc2World(aws)
    const send = ec2.send.bind(ec2) as (command: unknown) => Promise<unknown>
    let asked = 0
    const silent = async (command: unknown) => {
      if (!(command instanceof CreateFleetCommand)) return send(command)
      asked += 1
      if (asked === 1) {
        await send(command)
        throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
      }
      return { FleetId: 'fleet-1', $metadata: {} } satisfies CreateFleetCommandOutput
    }
    Object.assign(ec2, { send: silent })
    const session = cloud(2)
    await expect(compute.launch(session, 1)).rejects.toMatchObject({ code: 'unavailable' })
    const { machine } = await compute.launch(session, 1)
    expect((await running()).map(({ InstanceId }) => InstanceId)).toEqual([machine])
    expect(asked).toBe(2)
  })

  it('nothing is described to launch a machine, and what was bought is told', async () => {
    const { compute, machines, subnets } = await openEc2World(aws)
    await aws.control.forgetCalls()
    const session = cloud(1)
    const { machine, purchase } = await compute.launch(session, 1)
    expect((await aws.control.calls()).filter(({ service }) => service === 'ec2').map(({ action }) => action)).toEqual([
      'CreateFleet',
    ])
    expect(purchase).toMatchObject({ instance: 't3.small', spot: false, usdPerHour: 0.0208, diskGb: 30 })
    expect(subnets.map(({ zone }) => zone)).toContain(purchase?.zone)
    expect(await machines.of(machine)).toMatchObject({ parts: [{ session: session.id, attempt: 1 }], closed: false })
  })

  it('what is bought has the stored price of its type, its zone and its kind; later ones change nothing of it', async () => {
    const { compute, prices, subnets, launches } = await openEc2World(aws)
    const inZones = Object.fromEntries(subnets.map(({ zone }, n) => [zone, 0.006 + n / 10_000]))
    const table = { region: 'us-east-1', onDemand: { 't3.small': 0.025 }, spot: { 't3.small': inZones }, refused: [] }
    await prices.put({ ...table, listedAt: '2026-11-20T05:00:00.000Z', spotAt: '2026-11-21T12:00:00.000Z', usdPerGbMonth: 0.09 })
    const bought = async (n: number, more = {}) => (await compute.launch(cloud(n, more), 1)).purchase
    const spot = await bought(1, { spot: true })
    expect(spot).toMatchObject({
      spot: true,
      usdPerHour: inZones[spot?.zone ?? ''],
      usdPerGbMonth: 0.09,
      usdPerAddressHour: 0.005,
    })
    expect(spot?.priced).toEqual({ asOf: '2026-11-21', from: 'spot market' })
    expect(await bought(2)).toMatchObject({ spot: false, usdPerHour: 0.025, priced: { asOf: '2026-11-20', from: 'price list' } })
    // On demand it is over the limit now, though not by the built-in table.
    await expect(compute.launch(cloud(3, { maxPriceUsd: 0.022 }), 1)).rejects.toMatchObject({
      code: 'refused',
      message: 't3.small costs $0.025 an hour on demand, and you allow $0.022',
    })
    expect((await launches.of(cloud(3).id, 1)).rounds).toEqual([])
  })

  it('a zone without capacity leaves the next, and spot without any leaves on demand', async () => {
    const { compute, subnets } = await openEc2World(aws)
    const first = (await compute.launch(cloud(1), 1)).purchase?.zone
    await aws.control.fault({ code: 'InsufficientInstanceCapacity', zone: first ?? '' })
    const second = (await compute.launch(cloud(1), 2)).purchase?.zone
    expect(subnets.map(({ zone }) => zone)).toContain(second)
    expect(second).not.toBe(first)
    await aws.control.fault({ code: 'MaxSpotInstanceCountExceeded', lifecycle: 'spot' })
    expect((await compute.launch(cloud(2, { spot: true }), 1)).purchase).toMatchObject({ spot: false })
  })

  it('on demand is no way out when it costs more than is allowed', async () => {
    const { compute, running } = await openEc2World(aws)
    await aws.control.fault({ code: 'SpotMaxPriceTooLow', lifecycle: 'spot' })
    const cheap = cloud(1, { spot: true, maxPriceUsd: 0.01 })
    await expect(compute.launch(cheap, 1)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(compute.launch(cloud(2, { maxPriceUsd: 0.01 }), 1)).rejects.toMatchObject({ code: 'refused' })
    expect(await running()).toEqual([])
  })

  it('a Graviton type is launched from the template of its architecture, and refused where there is none', async () => {
    const both = await openEc2World(aws, ['x64', 'arm64'])
    const launched = async (instance: string, n: number) => {
      const { machine } = await both.compute.launch(cloud(n, { instance }), 1)
      const found = (await both.running()).find(({ InstanceId }) => InstanceId === machine)
      const template = (await both.launches.of(cloud(n).id, 1)).rounds[0]?.round.launchTemplate.id
      return [found?.InstanceType, template]
    }
    expect(await launched('m7g.large', 1)).toEqual(['m7g.large', both.templates['arm64']?.id])
    expect(await launched('t3.small', 2)).toEqual(['t3.small', both.templates['x64']?.id])
    const one = await openEc2World(aws)
    await expect(one.compute.launch(cloud(1, { instance: 't4g.small' }), 1)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('no launch template for arm64'),
      hint: expect.stringContaining('architectures=x64,arm64'),
    })
    expect(await one.running()).toEqual([])
  })

  it('a try after a shortage is a new request', async () => {
    const { compute, subnets } = await openEc2World(aws)
    await aws.control.fault({ code: 'InsufficientInstanceCapacity', type: 't3.small', times: subnets.length })
    await expect(compute.launch(cloud(1), 1)).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
    expect((await compute.launch(cloud(1), 1)).machine).toMatch(/^i-/)
  })

  it('a launch that died before it was recorded gives the same machine, and none is bought twice', async () => {
    const world = await openEc2World(aws)
    const session = cloud(1)
    const launched = world.launches.launched
    world.launches.launched = () => Promise.reject(new Error('the function died'))
    await expect(world.compute.launch(session, 1)).rejects.toThrow('died')
    const [bought] = await world.running()
    world.launches.launched = launched
    expect((await world.compute.launch(session, 1)).machine).toBe(bought?.InstanceId)
    expect(await world.running()).toHaveLength(1)
  })

  it('a machine that was never recorded is ended with its attempt', async () => {
    const world = await openEc2World(aws)
    world.launches.launched = () => Promise.reject(new Error('the function died'))
    await expect(world.compute.launch(cloud(1), 1)).rejects.toThrow('died')
    await world.compute.terminate(cloud(1).id, 1)
    expect(await world.running()).toEqual([])
  })

  it('a machine that EC2 does not know yet is no machine that is gone; one that it has forgotten is', async () => {
    const { compute, running, pass } = await openEc2World(aws)
    await compute.launch(cloud(1), 1)
    const unknown = { code: 'InvalidInstanceID.NotFound', service: 'ec2', action: 'TerminateInstances', times: 1 }
    await aws.control.fault(unknown)
    await expect(compute.terminate(cloud(1).id, 1)).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
    expect(await running()).toHaveLength(1)
    await compute.terminate(cloud(1).id, 1)
    expect(await running()).toEqual([])
    pass(2 * 3_600_000)
    await aws.control.fault(unknown)
    expect(await compute.terminate(cloud(1).id, 1)).toEqual({ heirs: [] })
  })

  it('why EC2 ended a machine is its own word; what was asked for needs none', async () => {
    const { compute, ec2 } = await openEc2World(aws)
    const [taken, ended] = [await compute.launch(cloud(1), 1), await compute.launch(cloud(2), 1)]
    await aws.control.reclaim(taken.machine, 'capacity')
    expect(await endReason(ec2, taken.machine)).toBe('Server.InsufficientInstanceCapacity: insufficient capacity')
    await compute.terminate(cloud(2).id, 1)
    expect(await endReason(ec2, ended.machine)).toBeUndefined()
    await aws.control.fault({ code: 'UnauthorizedOperation', service: 'ec2', action: 'DescribeInstances', times: 1 })
    expect(await endReason(ec2, taken.machine)).toBeUndefined()
  })

  it('a machine that is shared is bought once, and goes with the last who works there', async () => {
    const { compute, machines, running } = await openEc2World(aws)
    const [host, guest] = [cloud(1), aSession(2, { runtime: 'cloud', with: cloud(1).id })]
    const { machine } = await compute.launch(host, 1)
    await compute.launch(guest, 1, machine)
    expect(await running()).toHaveLength(1)
    await machines.finish(machine, { session: host.id, attempt: 1 })
    expect(await compute.terminate(host.id, 1)).toEqual({ heirs: [{ session: guest.id, attempt: 1 }] })
    expect(await running()).toHaveLength(1)
    await machines.finish(machine, { session: guest.id, attempt: 1 })
    expect(await compute.terminate(guest.id, 1)).toEqual({ heirs: [] })
    expect(await running()).toEqual([])
  })

  it('a machine whose last runner has said that it ends takes nobody any more', async () => {
    const { compute, machines } = await openEc2World(aws)
    const { machine } = await compute.launch(cloud(1), 1)
    await machines.finish(machine, { session: cloud(1).id, attempt: 1 })
    const guest = aSession(2, { runtime: 'cloud', with: cloud(1).id })
    await expect(compute.launch(guest, 1, machine)).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
    await compute.terminate(cloud(1).id, 1)
  })

  it('an attempt that is ended while it joins never works there', async () => {
    const { compute, launches, machines } = await openEc2World(aws)
    const { machine } = await compute.launch(cloud(1), 1)
    const guest = aSession(2, { runtime: 'cloud', with: cloud(1).id })
    const { joins } = launches
    launches.joins = async (...which) => {
      await compute.terminate(guest.id, 1)
      return joins(...which)
    }
    await expect(compute.launch(guest, 1, machine)).rejects.toMatchObject({ code: 'fenced' })
    launches.joins = async (...which) => {
      const may = await joins(...which)
      await compute.terminate(guest.id, 2)
      return may
    }
    await expect(compute.launch(guest, 2, machine)).rejects.toMatchObject({ code: 'fenced' })
    expect((await machines.of(machine))?.parts.filter(({ state }) => state === 'live')).toHaveLength(1)
    await compute.terminate(cloud(1).id, 1)
  })

  it('nobody waits for the runners of a machine that is gone', async () => {
    const { compute, ec2 } = await openEc2World(aws)
    const [host, guest] = [cloud(1), aSession(2, { runtime: 'cloud', with: cloud(1).id })]
    const { machine } = await compute.launch(host, 1)
    await compute.launch(guest, 1, machine)
    await expect(compute.terminate(host.id, 1)).rejects.toMatchObject({ code: 'unavailable' })
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [machine] }))
    expect(await compute.terminate(host.id, 1)).toEqual({ heirs: [] })
    expect(await compute.find(guest.id, 1)).toMatchObject({ alive: false })
    expect(await compute.terminate(guest.id, 1)).toEqual({ heirs: [] })
  })

  it.each(Object.entries(EC2_ERRORS))('%s is answered with what it means', async (code, meaning) => {
    const { compute, running } = await openEc2World(aws)
    await aws.control.fault({ code, service: 'ec2', action: 'CreateFleet', times: 1 })
    const error = await compute.launch(cloud(1), 1).catch((problem: unknown) => problem)
    const expected =
      meaning.do === 'refuse' ? { code: 'refused', hint: meaning.hint } : { code: 'unavailable', name: 'Retryable' }
    expect(error).toMatchObject({ ...expected, message: expect.stringContaining(code) })
    expect(await running()).toEqual([])
  })
})
