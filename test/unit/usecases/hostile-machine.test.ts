import { describe, expect, it } from 'vitest'
import { apiWorld } from '../../support/api-world.ts'
import { runningSession } from '../../support/running-session.ts'

describe('a machine that says more than can be', () => {
  const saying = (costUsd: number) => ({ usage: { inputTokens: 1, outputTokens: 1, costUsd } })

  it('is believed as far as an agent can have come by then, and the timeline says so once', async () => {
    const { plane, id, ports, beat, record } = await runningSession({ agent: 'claude' })
    await beat(saying(1e6))
    expect(await record()).toMatchObject({ usage: { costUsd: 10 }, cost: { agentUsd: 10 }, overstatedUsd: 999_990 })
    ports.clock.pass(60)
    await beat(saying(1e6))
    expect(await record()).toMatchObject({ usage: { costUsd: 20 } })
    const told = (await plane.timeline(id)).entries.filter(({ what }) => what === 'usage not believed')
    expect(told).toMatchObject([{ by: 'remote', detail: { saidUsd: 1e6, countedUsd: 10 } }])
    expect((await plane.budget()).spentUsd).toBe(20)
    expect((await plane.explain(id)).says.join(' ')).toContain('more than any can have')
  })

  it('is believed whatever an agent can have cost: nothing is cut of what grows with its time', async () => {
    const { beat, ports, record, done } = await runningSession({ agent: 'claude' })
    for (let minute = 1; minute <= 60; minute += 1) {
      ports.clock.pass(60)
      await beat(saying(minute * 9.9))
    }
    await done(saying(600))
    const { usage, overstatedUsd } = await record()
    expect([usage.costUsd, overstatedUsd]).toEqual([600, undefined])
  })

  it('with a limit of its own counts little beyond that, however long it goes on', async () => {
    const { beat, ports, record } = await runningSession({ agent: 'claude', maxCostUsd: 3 })
    ports.clock.pass(3600)
    expect((await beat(saying(500))).stop).toMatchObject({ why: { code: 'max_cost' } })
    expect((await record()).usage.costUsd).toBe(5)
  })

  it('counts nothing where no agent runs', async () => {
    const { done, record, what } = await runningSession({ agent: 'shell' })
    await done(saying(500))
    expect((await record()).usage.costUsd).toBe(0)
    expect(await what()).toContain('usage not believed')
  })

  it('is heard when it leaves, too; time between its machines does not count', async () => {
    const { plane, ports, id, record, hello, walk } = await runningSession({ agent: 'claude', retries: 1 })
    await plane.leaving(id, 1, { why: 'spot', lastSeq: 1, inboxHandled: 0, ...saying(500) })
    expect((await record()).usage.costUsd).toBe(10)
    await walk()
    ports.clock.pass(600)
    await hello()
    await plane.beat(id, 2, { position: { attempt: 2, seq: 1 }, inboxHandled: 0, flags: {}, ...saying(500) })
    expect((await record()).usage.costUsd).toBe(10)
  })
})

describe('a machine that stores', () => {
  const GB = 1024 ** 3
  const storing = async (bytes: number, objects = 1) => {
    const asked: string[] = []
    const world = apiWorld({
      stored: async (session) => {
        asked.push(session)
        return { bytes, objects, mostBytes: 20 * GB }
      },
    })
    return { ...(await runningSession({ agent: 'claude' }, world)), asked }
  }

  it('what it may is looked at every five minutes, and goes on', async () => {
    const { beat, ports, asked, record, id } = await storing(20 * GB, 50_000)
    for (let n = 0; n < 21; n += 1) {
      ports.clock.pass(30)
      expect(await beat()).not.toHaveProperty('stop')
    }
    expect(asked).toEqual([id, id])
    expect(await record()).toMatchObject({ stored: { bytes: 20 * GB, objects: 50_000 } })
  })

  it.each([
    ['bytes', 20 * GB + 1, 1, 'it stored 20.0 GB, and may store 20.0 GB'],
    ['objects', 1, 50_001, 'it stored more than 50000 objects'],
  ])('more %s than it may is stopped, and ends over budget', async (_, bytes, objects, reason) => {
    const { beat, ports, record, walk, what } = await storing(bytes, objects)
    ports.clock.pass(300)
    expect((await beat()).stop).toMatchObject({ how: 'graceful', why: { outcome: 'over_budget', code: 'max_stored', reason } })
    expect(await what()).toContain('stop asked')
    // Whoever does not listen is given up.
    ports.clock.pass(3600)
    expect(await walk()).toMatchObject({ state: 'ended', outcome: { code: 'max_stored' } })
    expect((await record()).outcome?.reason).toBe(reason)
  })
})
