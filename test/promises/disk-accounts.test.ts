import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDiskAccounts } from '../../lambdas/aws/disk-accounts.ts'
import { openDynamoLedger } from '../../lambdas/aws/dynamo-ledger.ts'
import { openTable } from '../../lambdas/aws/dynamo-table.ts'
import { openDynamoWorkspaceStore } from '../../lambdas/aws/dynamo-workspace-store.ts'
import { openEbsVolumes } from '../../lambdas/aws/ebs-volumes.ts'
import { openWorkspaceChanges } from '../../lambdas/aws/workspace-changes.ts'
import { openWorkspaceVolumes, workspaceKey } from '../../lambdas/aws/workspace-volumes.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'
import { openEc2World } from '../support/ec2-world.ts'
import { ManualClock } from '../support/fakes/manual-clock.ts'
import { openMortality } from '../support/mortality.ts'

let aws: Aws
beforeAll(async () => {
  aws = await openAws()
})
afterAll(() => aws?.close())

const SESSION = 's-0000000001'
const HOUR = 3600
const DAY = 24 * HOUR
const GB = 1024 ** 3
/** At $0.08, the built-in price. */
const usdOf = (gb: number, seconds: number) => (gb * 0.08 * seconds) / 730 / HOUR

/** Workspaces with disks, whose clock a test moves, and whose functions may die. */
const openWorld = async () => {
  const { ec2, stack, table, subnets, prices } = await openEc2World(aws)
  const clock = new ManualClock()
  const { dying, walked } = openMortality()
  const mortal = { dynamo: dying(table.dynamo), tableName: table.tableName }
  const ebs = openEbsVolumes({ ec2: dying(ec2), stack, patience: 0.05 })
  const disks = openWorkspaceVolumes({ ...mortal, ebs, stack, clock })
  const accounts = openDiskAccounts({ ...mortal, prices, clock })
  const zones = subnets.map(({ zone }) => zone)
  const { volumes } = openWorkspaceChanges({ disks, ebs, accounts, stack, zones, clock, names: async () => [] })
  const store = openDynamoWorkspaceStore({ ...mortal, volumes, clock })
  const ledger = openDynamoLedger({ ...table, keptDays: 30 })
  const days = (first: string, last: string) => ledger.entries(first, last)
  return {
    clock,
    prices,
    accounts,
    store,
    ledger,
    table,
    walked,
    /** One whose disk was made now. */
    made: async (name: string, gb: number) => {
      await store.create({ name, runtime: 'cloud', sizeBytes: gb * GB, createdAt: new Date(clock.now()).toISOString() })
      await store.hold(name, SESSION)
      await disks.of(name, SESSION, zones)
      await store.release(name, SESSION, {})
    },
    days,
    /** What the ledger has, both ways. */
    spent: async () => {
      const all = await days('2026-11-01', '2027-12-31')
      const sums = await Promise.all([...new Set(all.map(({ day }) => day))].map((day) => ledger.spentOn(day)))
      return {
        entries: all.reduce((sum, { cost }) => sum + cost.totalUsd, 0),
        sums: sums.reduce((sum, microUsd) => sum + microUsd, 0) / 1e6,
      }
    },
  }
}

describe('what the disk of a workspace costs', () => {
  it('begins when the disk is made, not when the workspace is, and is in the ledger as often as somebody brings it there', async () => {
    const world = await openWorld()
    await world.store.create({ name: 'new', runtime: 'cloud', sizeBytes: GB, createdAt: '2026-11-20T12:00:00.000Z' })
    await world.made('alpha', 100)
    world.clock.pass(90)
    for (const name of ['new', 'alpha', 'alpha', 'never']) await world.accounts.settle(name)
    expect(await world.days('2026-11-20', '2026-11-20')).toMatchObject([
      { workspace: 'alpha', runtime: 'cloud', title: 'disk of alpha', cost: { volumeUsd: expect.closeTo(usdOf(100, 90), 12) } },
    ])
    expect((await world.store.get('new'))?.disk).toBeUndefined()
  })

  it('is counted once when many count at the same time, and when the function is cut off at any call', async () => {
    const world = await openWorld()
    await world.made('alpha', 730)
    world.clock.pass(5 * HOUR)
    await Promise.all(Array.from({ length: 8 }, () => world.accounts.settle('alpha')))
    expect((await world.spent()).entries).toBeCloseTo(0.4, 9)
    world.clock.pass(5 * HOUR)
    expect(await world.walked(() => world.accounts.settle('alpha'))).toBeGreaterThanOrEqual(2)
    const { entries, sums } = await world.spent()
    expect([entries, sums]).toEqual([expect.closeTo(0.8, 9), expect.closeTo(0.8, 5)])
  })

  it('of days that were missed is of those days', async () => {
    const world = await openWorld()
    await world.made('alpha', 730)
    world.clock.pass(70 * DAY)
    await world.accounts.settle('alpha')
    const all = await world.days('2026-11-20', '2027-01-29')
    expect(all).toHaveLength(71)
    expect(all.map(({ cost }) => cost.totalUsd)).toEqual(
      [0.96, ...Array(69).fill(1.92), 0.96].map((usd) => expect.closeTo(usd, 9)),
    )
    expect(await world.ledger.spentOn('2027-01-29')).toBe(960_000)
  })

  it('is of its size then, also when growing it is cut off and done again', async () => {
    const world = await openWorld()
    await world.made('alpha', 73)
    world.clock.pass(10 * HOUR)
    await world.walked(() => world.store.resize('alpha', 730 * GB))
    world.clock.pass(HOUR)
    await world.accounts.settle('alpha')
    expect((await world.spent()).entries).toBeCloseTo(usdOf(73, 10 * HOUR) + usdOf(730, HOUR), 9)
    expect((await world.store.get('alpha'))?.sizeBytes).toBe(730 * GB)
  })

  it('ends with the disk, to the second, also when deleting is cut off; another of that name has an account of its own', async () => {
    const world = await openWorld()
    await world.made('alpha', 730)
    world.clock.pass(HOUR + 1)
    await world.walked(() => world.store.delete('alpha'))
    const ended = usdOf(730, HOUR + 1)
    expect((await world.spent()).entries).toBeCloseTo(ended, 9)
    world.clock.pass(HOUR)
    await world.accounts.settle('alpha')
    expect((await world.spent()).entries).toBeCloseTo(ended, 9)
    await world.made('alpha', 73)
    world.clock.pass(HOUR)
    await world.accounts.settle('alpha')
    expect((await world.days('2026-11-20', '2026-11-20')).map(({ workspace, cost }) => [workspace, cost.totalUsd])).toEqual([
      ['alpha', expect.closeTo(ended, 9)],
      ['alpha', expect.closeTo(usdOf(73, HOUR), 9)],
    ])
  })

  it('goes on while it is moved, and is at the price that is stored', async () => {
    const world = await openWorld()
    await world.made('alpha', 73)
    await world.prices.put({ region: 'us-east-1', onDemand: {}, spot: {}, usdPerGbMonth: 0.1, refused: [] })
    const before = await world.store.get('alpha')
    await world.store.move('alpha', 'us-east-1c')
    world.clock.pass(HOUR)
    await world.accounts.settle('alpha')
    expect((await world.spent()).entries).toBeCloseTo(0.01, 9)
    expect((await world.store.get('alpha'))?.disk?.since).toBe(before?.disk?.since)
  })

  it('of a disk that is older than accounts are is counted from now on, unless it is just being deleted', async () => {
    const world = await openWorld()
    await world.made('alpha', 730)
    const table = openTable(world.table)
    await table.update({ update: workspaceKey('alpha'), remove: ['disk'] })
    world.clock.pass(HOUR)
    await world.accounts.settle('alpha')
    expect(await world.spent()).toEqual({ entries: 0, sums: 0 })
    world.clock.pass(HOUR)
    await world.accounts.settle('alpha')
    expect((await world.spent()).entries).toBeCloseTo(0.08, 9)
    await table.update({ update: workspaceKey('alpha'), set: { heldBy: { S: 'deleting' } }, remove: ['disk'] })
    await world.accounts.settle('alpha')
    expect((await world.store.get('alpha'))?.disk).toBeUndefined()
  })
})
