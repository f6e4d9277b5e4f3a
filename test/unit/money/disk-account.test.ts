import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayOf } from '../../../core/domain/daily-cost.ts'
import { diskEntries, openAccount, settledDisk } from '../../../core/domain/disk-account.ts'
import { apiWorld } from '../../support/api-world.ts'
import { runningSession } from '../../support/running-session.ts'

const LATE = Date.parse('2026-11-20T23:30:00.000Z')
const HOUR = 3_600_000
const GB = 1024 ** 3
/** 73 GB at $0.10 are a cent an hour. */
const USD = 0.1
const alpha = (gb = 73) => ({ name: 'alpha', runtime: 'cloud', sizeBytes: gb * GB })

describe('the account of a disk', () => {
  it('has each day by the second, and says how far it came', () => {
    const { disk, spent } = settledDisk(alpha(), openAccount(LATE), LATE + 2 * HOUR, USD)
    expect(spent.entries.map(({ day, cost }) => [day, cost.volumeUsd, cost.totalUsd])).toEqual([
      ['2026-11-20', expect.closeTo(0.005, 12), expect.closeTo(0.005, 12)],
      ['2026-11-21', expect.closeTo(0.015, 12), expect.closeTo(0.015, 12)],
    ])
    expect(spent.entries[0]).toMatchObject({ disk: 'alpha@2026-11-20T23:30:00.000Z', workspace: 'alpha', runtime: 'cloud' })
    expect(spent.entries[0]).not.toHaveProperty('session')
    expect(spent.amounts).toEqual([
      { day: '2026-11-20', microUsd: 5000 },
      { day: '2026-11-21', microUsd: 15_000 },
    ])
    expect(disk).toMatchObject({ countedTo: '2026-11-21T01:30:00.000Z', day: '2026-11-21', dayUsd: expect.closeTo(0.015, 12) })
  })

  it('counted again at once adds nothing, and a clock that went back nothing either', () => {
    const { disk } = settledDisk(alpha(), openAccount(LATE), LATE + HOUR, USD)
    for (const now of [LATE + HOUR, LATE])
      expect(settledDisk(alpha(), disk, now, USD)).toEqual({ disk, spent: { amounts: [], entries: [] } })
  })

  it('after months that were missed comes to today in parts that fit a transaction', () => {
    const now = LATE + 100 * 24 * HOUR
    const first = settledDisk(alpha(), openAccount(LATE), now, USD)
    expect(first.spent.entries.length + first.spent.amounts.length).toBeLessThan(90)
    const workspace = { ...alpha(), createdAt: '', disk: openAccount(LATE) }
    const all = diskEntries(workspace, now, USD)
    expect(all).toHaveLength(101)
    expect(all.reduce((sum, { cost }) => sum + cost.totalUsd, 0)).toBeCloseTo(24, 9)
  })

  it('whenever it is counted, at whatever size, the entries and the sums are what it cost', () => {
    const steps = fc.array(fc.record({ ms: fc.nat(50 * HOUR), gb: fc.integer({ min: 1, max: 2000 }) }), {
      minLength: 1,
      maxLength: 12,
    })
    const check = (history: readonly { ms: number; gb: number }[]) => {
      const ledger = new Map<string, number>()
      const sums = new Map<string, number>()
      let [now, account, cost] = [LATE, openAccount(LATE), 0]
      for (const { ms, gb } of history) {
        now += ms
        cost += (gb * USD * ms) / 730 / HOUR
        const { disk, spent } = settledDisk(alpha(gb), account, now, USD)
        account = disk
        for (const entry of spent.entries) ledger.set(entry.day, entry.cost.totalUsd)
        for (const { day, microUsd } of spent.amounts) sums.set(day, (sums.get(day) ?? 0) + microUsd)
      }
      expect([...ledger.values()].reduce((sum, usd) => sum + usd, 0)).toBeCloseTo(cost, 8)
      for (const [day, usd] of ledger) expect(Math.abs((sums.get(day) ?? 0) - usd * 1e6)).toBeLessThan(1)
      expect([...ledger.keys()].every((day) => day <= dayOf(now))).toBe(true)
    }
    fc.assert(fc.property(steps, check))
  })
})

describe('disks in what was spent', () => {
  const withDisk = async () => {
    const world = apiWorld({ runtimes: ['cloud'], dailyBudgetUsd: 10 })
    const { ports } = world
    const made = { name: 'alpha', runtime: 'cloud', sizeBytes: 73 * GB, createdAt: '2026-11-20T12:00:00.000Z' }
    await ports.workspaces.create({ ...made, volume: 'vol-1', disk: openAccount(ports.clock.now()) })
    await ports.prices.put({ region: 'x', onDemand: {}, usdPerGbMonth: USD, spot: {}, refused: [] })
    ports.clock.pass(3600)
    return world
  }

  it('are there while no session runs, by workspace, by day and beside sessions, and in the workspace’s own price', async () => {
    const world = await withDisk()
    const session = await runningSession({ runtime: 'cloud', agent: 'claude', workspace: 'alpha' }, world)
    await session.done({ usage: { inputTokens: 1, outputTokens: 1, costUsd: 2 } })
    await session.walk()
    const by = async (what: string) => (await world.call({ method: 'GET', path: `/v1/spend?by=${what}` })).json
    expect(await by('workspace')).toMatchObject({
      sessions: 1,
      running: 0,
      rows: [{ key: 'alpha', sessions: 1, cost: { volumeUsd: expect.closeTo(0.01, 9), agentUsd: 2 } }],
    })
    expect((await by('day')).rows).toMatchObject([
      { key: '2026-11-20', sessions: 1, cost: { volumeUsd: expect.closeTo(0.01, 9) } },
    ])
    expect((await by('session')).rows).toMatchObject([
      { key: session.id },
      { key: '', title: 'disk of workspace alpha', sessions: 0, running: 0 },
    ])
    expect((await world.call({ method: 'GET', path: '/v1/workspaces' })).json.workspaces[0].usdPerMonth).toBeCloseTo(7.3)
  })

  it('are what they are at this moment, in place of what was counted before', async () => {
    const world = await withDisk()
    const { ports, plane } = world
    const [workspace] = await ports.workspaces.list()
    if (!workspace?.disk) throw new Error('no disk')
    const { spent } = settledDisk(workspace, workspace.disk, ports.clock.now(), USD)
    ports.ledger.write(spent)
    ports.clock.pass(3600)
    const { total } = await plane.spend({ by: 'day', sinceSeconds: 86_400 })
    expect(total.volumeUsd).toBeCloseTo(0.02, 9)
    expect((await plane.budget()).spentUsd).toBe(0.01)
  })
})
