import { describe, expect, it } from 'vitest'
import type { DispatchInput } from '../../../core/contract/dispatch.ts'
import { apiWorld } from '../../support/api-world.ts'
import { launchedSession, runningSession } from '../../support/running-session.ts'
import { aDispatch, sessionId } from '../../support/samples.ts'

const BOUGHT = { instance: 'm6i.4xlarge', zone: 'us-east-1a', spot: false, usdPerHour: 0.768, diskGb: 30 }
const CLOUD = { runtime: 'cloud', instance: 'm6i.4xlarge' } as const

const cloudWorld = () => {
  const world = apiWorld({ runtimes: ['local', 'cloud'] })
  world.ports.compute.sells = BOUGHT
  return world
}
const sharing = async (more: Partial<DispatchInput> = {}) => {
  const world = cloudWorld()
  const host = await runningSession(CLOUD, world)
  const guest = await runningSession({ runtime: 'cloud', with: host.id, ...more }, world)
  return { ...world, world, host, guest }
}
const end = async (session: Awaited<ReturnType<typeof runningSession>>) => {
  await session.done()
  return session.walk()
}

describe('a dispatch --with a session is refused', () => {
  const refusal = async (more: Partial<DispatchInput>) => {
    const world = cloudWorld()
    const host = await runningSession(CLOUD, world)
    return world.plane.dispatch(aDispatch({ runtime: 'cloud', with: host.id, ...more }), { by: 'ada' })
  }
  it.each([
    ['with a machine type of its own', { instance: 't3.small' }, 'refused'],
    ['with a market of its own', { spot: true }, 'refused'],
    ['with a price of its own', { maxPriceUsd: 1 }, 'refused'],
    ['on another runtime', { runtime: 'local' }, 'refused'],
    ['of a session that is not there', { with: sessionId(99) }, 'not_found'],
  ] as const)('%s', async (_, more, code) => {
    await expect(refusal(more)).rejects.toMatchObject({ code, hint: expect.any(String) })
  })

  it('that ends, or has ended', async () => {
    const world = cloudWorld()
    const host = await runningSession(CLOUD, world)
    const ask = aDispatch({ runtime: 'cloud', with: host.id })
    await world.plane.terminate(host.id, { now: false }, 'ada')
    await expect(world.plane.dispatch(ask, { by: 'ada' })).rejects.toMatchObject({ code: 'conflict', message: /is ending/ })
    await end(host)
    await expect(world.plane.dispatch(ask, { by: 'ada' })).rejects.toMatchObject({ code: 'conflict', message: /has ended/ })
  })

  it('where there is a workspace: its disk goes with its session', async () => {
    const world = cloudWorld()
    for (const name of ['theirs', 'other'])
      await world.ports.workspaces.create({ name, runtime: 'cloud', sizeBytes: 1, createdAt: '2026-11-20T12:00:00.000Z' })
    const host = await runningSession({ ...CLOUD, workspace: 'theirs' }, world)
    const ask = (workspace: string) =>
      world.plane.dispatch(aDispatch({ runtime: 'cloud', with: host.id, workspace }), { by: 'ada' })
    await expect(ask('theirs')).rejects.toMatchObject({ code: 'held' })
    await expect(ask('other')).rejects.toMatchObject({ code: 'not_supported' })
    const plain = world.plane.dispatch(aDispatch({ runtime: 'cloud', with: host.id }), { by: 'ada' })
    await expect(plain).rejects.toMatchObject({ code: 'not_supported' })
    const other = await runningSession(CLOUD, world)
    const beside = aDispatch({ runtime: 'cloud', with: other.id, workspace: 'other' })
    await expect(world.plane.dispatch(beside, { by: 'ada' })).rejects.toMatchObject({ code: 'not_supported' })
  })
})

describe('sessions on one machine', () => {
  it('nothing is bought for the second, and its runner is asked for at once', async () => {
    const { host, guest } = await sharing()
    const [hosts, guests] = [(await host.record()).attempts[0], (await guest.record()).attempts[0]]
    expect(guests?.machine).toBe(hosts?.machine)
    expect(hosts?.purchase).toEqual(BOUGHT)
    expect(guests?.purchase).toBeUndefined()
    expect(guest.ports.doorbell.rung).toContain(host.id)
  })

  it('the second waits until the first has a machine, and is refused when the first ends before', async () => {
    const world = cloudWorld()
    const { session: host } = await world.plane.dispatch(aDispatch(CLOUD), { by: 'ada' })
    const guest = await launchedSession({ runtime: 'cloud', with: host.id }, world)
    expect(await guest.record()).toMatchObject({ state: 'placing', trouble: { code: 'held' } })
    for (let n = 0; n < 10; n++) {
      world.ports.clock.pass(61)
      await guest.walk()
    }
    expect((await guest.record()).state).toBe('placing')
    await world.plane.terminate(host.id, { now: true }, 'ada')
    world.ports.clock.pass(61)
    expect((await guest.walk()).outcome).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(host.id) })
  })

  it('the machine stays when the first ends, and goes with the second', async () => {
    const { host, guest, ports } = await sharing()
    expect((await end(host)).state).toBe('ended')
    expect((await ports.compute.find(guest.id, 1))?.alive).toBe(true)
    await guest.beat()
    expect((await end(guest)).state).toBe('ended')
    expect(ports.compute.machines.filter(({ state }) => state === 'alive')).toEqual([])
  })

  it('a machine that dies is lost to both, and the second joins the next one of the first', async () => {
    const world = cloudWorld()
    const host = await runningSession({ ...CLOUD, agent: 'claude' }, world)
    const guest = await runningSession({ runtime: 'cloud', agent: 'claude', with: host.id }, world)
    world.ports.compute.die(host.id, 1)
    for (const { id } of [guest, host]) await world.plane.bootFailed(id, 1, 'its machine died')
    await guest.walk()
    expect((await guest.record()).state).toBe('placing')
    await host.walk()
    world.ports.clock.pass(2)
    await guest.walk()
    expect((await guest.record()).attempts.map(({ machine }) => machine)).toEqual(
      (await host.record()).attempts.map(({ machine }) => machine),
    )
  })

  it('explains who shares the machine', async () => {
    const { host, guest, plane } = await sharing()
    expect((await plane.explain(host.id)).says.join(' ')).toContain(`with ${guest.id}`)
    expect((await plane.explain(guest.id)).says.join(' ')).toContain(`with ${host.id}`)
    await end(host)
    expect((await plane.explain(guest.id)).says.join(' ')).not.toContain(host.id)
  })

  it('a session that is resumed has a machine of its own', async () => {
    const { plane, host, guest } = await sharing({ agent: 'claude' })
    await end(guest)
    const { session } = await plane.resume(guest.id, { text: 'more', credentials: {} }, { by: 'ada' })
    expect(session.request).toMatchObject({ resumes: guest.id, instance: expect.any(String) })
    expect(session.request.with).toBeUndefined()
    await end(host)
  })
})

describe('the runners of a shared machine', () => {
  it('are told with each beat, and the last time with the answer to done, who came and who must go', async () => {
    const told: unknown[] = []
    const order = { start: [{ session: sessionId(7), attempt: 1, ttlSeconds: 60 }], end: [{ session: sessionId(8), attempt: 2 }] }
    const world = apiWorld({
      neighbours: async ({ id }, attempt, more) => {
        told.push([id, attempt, more])
        return order
      },
    })
    const session = await runningSession({}, world)
    const ended = [{ session: sessionId(8), attempt: 2 }]
    expect((await session.beat({ ended })).neighbours).toEqual(order)
    expect(await session.done()).toEqual({ neighbours: order })
    expect(await session.done(), 'an answer that got lost is given again').toEqual({ neighbours: order })
    expect(told).toEqual([
      [session.id, 1, { ended, over: false }],
      [session.id, 1, { ended: [], over: true }],
      [session.id, 1, { ended: [], over: true }],
    ])
  })
})

describe('what a shared machine costs', () => {
  it('is paid by the one that has been there longest, so the sum is what the machine cost', async () => {
    const { host, guest, ports, world } = await sharing()
    const { clock } = ports
    const third = await runningSession({ runtime: 'cloud', with: guest.id }, world)
    const from = Date.parse((await host.record()).attempts[0]?.launchedAt ?? '')
    const pass = async (seconds: number, ...running: { beat(): Promise<unknown> }[]) => {
      clock.pass(seconds)
      for (const one of running) await one.beat()
    }
    await pass(600, host, guest, third)
    expect((await guest.record()).cost.computeUsd).toBe(0)
    const first = await end(host)
    await pass(300, guest, third)
    expect((await guest.record()).cost.computeUsd).toBeCloseTo((BOUGHT.usdPerHour * 300) / 3600)
    await end(third)
    await pass(120, guest)
    const second = await end(guest)
    const hours = (clock.now() - from) / 3_600_000
    const paid = [first, second, await third.record()].map(({ cost }) => cost)
    const sum = (key: 'computeUsd' | 'addressUsd') => paid.reduce((total, cost) => total + cost[key], 0)
    expect(sum('computeUsd')).toBeCloseTo(hours * BOUGHT.usdPerHour, 10)
    expect(sum('addressUsd')).toBeCloseTo(hours * 0.005, 10)
    expect(paid[2]?.computeUsd).toBe(0)
    expect(paid.every(({ controlPlaneUsd }) => controlPlaneUsd > 0)).toBe(true)
  })

  it('is a minute at least, once', async () => {
    const { host, guest, ports } = await sharing()
    ports.clock.pass(20)
    const first = await end(host)
    ports.clock.pass(10)
    const second = await end(guest)
    expect(first.cost.computeUsd).toBeCloseTo(BOUGHT.usdPerHour / 60, 10)
    expect(second.cost.computeUsd).toBe(0)
  })
})
