import { describe, expect, it } from 'vitest'
import { apiWorld } from '../../support/api-world.ts'
import { plainBundle } from '../../support/plain-bundle.ts'
import { launchedSession, runningSession } from '../../support/running-session.ts'

type Running = Awaited<ReturnType<typeof launchedSession>>

/** The machine dies, and the silence is noticed. */
const die = async ({ ports, id, walk, record }: Running) => {
  ports.compute.die(id, (await record()).attempts.length, 'killed')
  ports.clock.pass(76)
  return walk()
}

describe('a session that loses its machine', () => {
  it('a command ends as lost, and its checkout is kept', async () => {
    const session = await runningSession({ agent: 'shell' })
    expect(await die(session)).toMatchObject({
      state: 'ended',
      outcome: { outcome: 'lost', code: 'machine_lost', reason: 'killed' },
    })
    expect(session.ports.compute.cleaned.has(session.id)).toBe(false)
    expect(session.ports.compute.isSwept(session.id)).toBe(true)
  })

  it.each([
    ['was brought home', { branch: 'remote/x', base: 'b', commit: 'c', files: 1, insertions: 1, deletions: 0 }, true],
    ['could not be brought home', undefined, false],
  ])('the checkout goes when its result %s: %s', async (_how, result, isCleaned) => {
    const repository = { id: 'a'.repeat(64), commit: 'b'.repeat(40), name: 'x' }
    const world = apiWorld()
    const { bytes, sha256 } = plainBundle({ tips: [repository.commit], needs: [] })
    await world.plane.putBundle(
      sha256,
      new Blob([bytes]).stream(),
      { repository: repository.id, tips: [repository.commit], needs: [] },
      'ada',
    )
    const session = await runningSession({ agent: 'shell', repository }, world)
    await session.done({ ...(result && { result }) })
    expect(await session.walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'succeeded' } })
    expect(session.ports.compute.cleaned.has(session.id)).toBe(isCleaned)
  })

  it('an agent is tried again, as often as it may be', async () => {
    const session = await runningSession({ agent: 'claude', retries: 1 })
    expect(await die(session)).toMatchObject({
      state: 'booting',
      retriesLeft: 0,
      attempts: [{ number: 1, lost: 'killed' }, { number: 2 }],
    })
    await session.hello()
    expect(await die(session)).toMatchObject({ state: 'ended', outcome: { outcome: 'lost', reason: 'killed, at attempt 2' } })
    expect(await session.what()).toEqual([
      'dispatched',
      'placed',
      'launched',
      'running',
      'machine lost',
      'trying again',
      'placed',
      'launched',
      'running',
      'machine lost',
      'ended',
    ])
  })

  it('is not given up while its machine is there, and says so', async () => {
    const { ports, walk, beat, record } = await runningSession({ agent: 'claude' })
    for (let minutes = 0; minutes < 10; minutes++) {
      ports.clock.pass(76)
      expect(await walk()).toMatchObject({ state: 'running', unreachable: { since: expect.any(String) } })
    }
    await beat()
    expect((await record()).unreachable).toBeUndefined()
  })

  it('one that was to stop is not tried again', async () => {
    const session = await runningSession({ agent: 'claude' })
    await session.plane.terminate(session.id, { now: false }, 'ada')
    session.ports.compute.die(session.id, 1)
    session.ports.clock.pass(61)
    expect(await session.walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'terminated' }, attempts: [{ number: 1 }] })
  })

  it('one whose time is over is not tried again', async () => {
    const session = await runningSession({ agent: 'claude', ttlSeconds: 60 })
    expect(await die(session)).toMatchObject({ state: 'ended', outcome: { outcome: 'expired', code: 'ttl' } })
  })

  it('time to live goes on over attempts', async () => {
    const session = await runningSession({ agent: 'claude', ttlSeconds: 600 })
    await die(session)
    expect((await session.hello()).ttlSeconds).toBe(600 - 76)
  })

  it('a runner that never reports loses its attempt', async () => {
    const session = await launchedSession({ agent: 'claude', retries: 1 })
    session.ports.clock.pass(61)
    expect(await session.walk()).toMatchObject({
      state: 'booting',
      attempts: [{ lost: expect.stringContaining('never reported') }, { number: 2 }],
    })
    expect(session.ports.compute.alive(session.id)).toHaveLength(1)
  })

  it('a session nobody follows up ends as idle, even if its runner forgets to', async () => {
    const { ports, beat, walk } = await runningSession({ agent: 'claude', interactive: true, idleSeconds: 100 })
    for (let seconds = 0; seconds < 150; seconds += 30) {
      await beat({ flags: { waiting: { for: 'follow_up' } } })
      ports.clock.pass(30)
    }
    await beat({ flags: { waiting: { for: 'follow_up' } } })
    expect(await walk()).toMatchObject({ state: 'running' })
    ports.clock.pass(11)
    expect(await walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'expired', code: 'idle' } })
  })
})
