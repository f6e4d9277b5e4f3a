import { afterEach, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { counted } from '../../core/domain/spent.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { Database } from '../../local/adapters/database.ts'
import { openSqliteSessionStore } from '../../local/adapters/sqlite-session-store.ts'
import { sampleSession } from '../promises/sample-session.ts'
import { type CloudWorld, openCloudWorld } from './cloud-world.ts'

const worlds: CloudWorld[] = []
const open = async (on: 'local' | 'cloud' = 'local') => {
  const world = await openCloudWorld({ on })
  worlds.push(world)
  return world
}
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

/** A session that ended then, and cost so much. */
const ended = async (sessions: SessionStore, at: number, agentUsd: number, computeUsd: number, more: Partial<Session> = {}) => {
  const session = sampleSession(more)
  const endedAt = new Date(at).toISOString()
  await sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  const cost = { ...session.cost, agentUsd, computeUsd, totalUsd: agentUsd + computeUsd }
  const { session: next, spent } = counted({
    ...session,
    version: 2,
    state: 'ended',
    cost,
    costDay: endedAt.slice(0, 10),
    endedAt,
  })
  await sessions.save(next, [], spent)
  return session.id
}
const here = async ({ world }: CloudWorld, at: number, usd: number) => {
  const db = Database.open(world.paths.database)
  try {
    return await ended(openSqliteSessionStore(db, { now: Date.now }), at, usd, 0)
  } finally {
    db.close()
  }
}
const cloudRequest = (workspace?: string): Partial<Session> => ({
  title: 'far work',
  request: { ...sampleSession().request, runtime: 'cloud', ...(workspace !== undefined && { workspace }) },
})
const far = ({ cloud }: CloudWorld, at: number, agentUsd: number, computeUsd: number, workspace?: string) =>
  ended(cloud.ports.sessions, at, agentUsd, computeUsd, cloudRequest(workspace))

const NOW = Date.now()
const day = (ago = 0) => new Date(NOW - ago * 86_400_000).toISOString().slice(0, 10)

describe('remote spend', () => {
  it('shows both sides in one table, the dearest first, kinds of cost apart, and the total', async () => {
    const world = await open()
    world.cloud.ports.clock.passUntil(NOW)
    const near = await here(world, NOW, 0.3)
    const away = await far(world, NOW, 1, 0.5)
    const { code, out, err } = await world.run(['spend'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^SESSION +TASK +WHERE +DAY +MACHINE +AGENT +TOTAL *\n/)
    expect(out).toMatch(new RegExp(`\\n${away} +far work +cloud +${day()} +\\$0\\.50 +\\$1\\.00 +\\$1\\.50\\n`))
    expect(out).toMatch(new RegExp(`\\n${near} +echo hi +local +${day()} +\\$0\\.30 +\\$0\\.30\\n`))
    expect(out.indexOf(away)).toBeLessThan(out.indexOf(near))
    expect(out).toMatch(/\ntotal +\$0\.50 +\$1\.30 +\$1\.80\n/)
    expect(out).toContain('cloud: today $1.50 of $10.00')
    const narrow = await world.run(['spend'], { columns: 60 })
    for (const line of narrow.out.split('\n').slice(0, 4)) expect(line.length).toBeLessThanOrEqual(60)
  })

  it('adds up days over sides, and keeps workspaces of different sides apart', async () => {
    const world = await open()
    world.cloud.ports.clock.passUntil(NOW)
    await here(world, NOW, 0.25)
    await far(world, NOW, 0.5, 0, 'alpha')
    await far(world, NOW - 86_400_000, 2, 0, 'alpha')
    const days = await world.run(['spend', '--by', 'day'])
    expect(days.out).toMatch(new RegExp(`\\n${day()} +2 +local, cloud +\\$0\\.75 +\\$0\\.75\\n${day(1)} +1 +cloud +\\$2\\.00`))
    const workspaces = await world.run(['spend', '--by', 'workspace', '--json'])
    expect(JSON.parse(workspaces.out).rows).toMatchObject([
      { key: 'alpha', where: 'cloud', sessions: 2, cost: { totalUsd: 2.5 } },
      { key: '', where: 'local', sessions: 1 },
    ])
    expect((await world.run(['spend', '--since', '1h', '--on', 'cloud', '--quiet'])).out.split('\n')).toHaveLength(2)
  })

  it('a side that does not answer hides nothing of the other', async () => {
    const world = await open()
    const near = await here(world, NOW, 0.3)
    world.cloud.refusals.push({ status: 403, body: '{"message":"Forbidden"}' })
    const { code, out, err } = await world.run(['spend', '--quiet'])
    expect([code, out, err]).toEqual([0, `${near}\n`, expect.stringContaining('cloud is left out')])
  })

  it('says so when nothing was spent', async () => {
    const world = await open()
    world.cloud.ports.clock.passUntil(NOW)
    expect(await world.run(['spend'])).toEqual({ code: 0, out: '', err: expect.stringContaining('nothing was spent since') })
  })

  it('--breakeven compares a month of the cloud, without tokens, with a machine of one’s own', async () => {
    const world = await open()
    world.cloud.ports.clock.passUntil(NOW)
    await here(world, NOW, 100)
    await far(world, NOW, 50, 20)
    await far(world, NOW - 9 * 86_400_000, 0, 10)
    const { out } = await world.run(['spend', '--breakeven'])
    // $30 in 10 days are $90 a month; $450 at $90 − $5 a month.
    expect(out).toContain('$30.00 in the last 10 days, $90.00 a month')
    expect(out).toContain('paid for itself after 6 months')
    expect(JSON.parse((await world.run(['spend', '--breakeven', '--json'])).out)).toMatchObject({ days: 10, months: 6 })
  })
})

describe('remote budget', () => {
  it('is shown and set, on the side that is meant, with who set it', async () => {
    const world = await open('cloud')
    world.cloud.ports.clock.passUntil(NOW)
    expect((await world.run(['budget'])).out).toMatch(
      /^cloud: \$10\.00 a day; today \$0\.00 spent, \$10\.00 left; .* \(00:00 UTC\)\n$/,
    )
    expect(await world.run(['budget', 'set', '--daily', '$25'])).toMatchObject({ code: 0, out: '' })
    expect(JSON.parse((await world.run(['budget', '--json'])).out)).toMatchObject({ dailyUsd: 25, setBy: 'grace' })
    expect((await world.run(['budget.set', '--daily', 'none', '--quiet'])).out).toBe('none\n')
    expect((await world.run(['budget', '--timeline'])).out).toMatch(/grace {2}\$25\.00\n.* grace {2}none \(\$25\.00 before\)\n$/)
    expect((await world.run(['budget', '--on', 'local'])).out).toMatch(/^local: no daily budget; today \$0\.00 spent\n$/)
  })

  it.each([
    [['budget', 'set'], 'how much a day?'],
    [['budget', 'set', '--daily', 'lots'], '--daily: `lots` is not an amount of money'],
    [['budget', 'set', '--daily', '0'], 'is not an amount of money'],
    [['spend', '--by', 'hour'], '--by: `hour` is not one of session, day, workspace'],
  ])('%j is refused with what is wrong', async (argv, says) => {
    const world = await open()
    expect(await world.run(argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) })
  })

  it('that is spent refuses a dispatch with exit code 5, and the command that raises it works', async () => {
    const world = await open('cloud')
    world.cloud.ports.clock.passUntil(NOW)
    await far(world, NOW, 10.5, 0)
    const dispatch = ['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--quiet', 'echo hi']
    const refused = await world.run(dispatch)
    expect(refused).toMatchObject({ code: 5, out: '' })
    expect(refused.err).toContain("today's budget of $10.00 is spent: $10.50 so far")
    const [, hint = ''] = /raise it: remote (budget set [^;]+);/.exec(refused.err) ?? []
    expect((await world.run(hint.split(' '))).code).toBe(0)
    expect((await world.run(dispatch)).code).toBe(0)
  })
})

describe('prices on this computer', () => {
  const table = (usd: number, spotAt: string) => ({
    region: 'eu-west-1',
    listedAt: spotAt,
    onDemand: { 't3.small': usd },
    spotAt,
    spot: {},
    refused: [],
  })
  const small = async (world: CloudWorld) => {
    const { code, out, err } = await world.run(['catalogue', '--json'])
    expect([code, err]).toEqual([0, ''])
    const { types, pricesFrom } = JSON.parse(out)
    return [types[0].onDemandUsdPerHour, pricesFrom.slice(0, 3)]
  }
  it('are those that the cloud has read, and stay when it does not answer; it is asked again when they are old', async () => {
    const world = await open()
    world.cloud.ports.clock.passUntil(NOW)
    expect(await small(world)).toEqual([0.0208, 'AWS'])
    await world.cloud.ports.prices.put(table(0.0228, new Date(NOW - 7 * 3_600_000).toISOString()))
    world.cloud.refusals.push({ status: 403, body: '{"message":"Forbidden"}' })
    expect((await small(world))[0]).toBe(0.0208)
    expect((await small(world))[0]).toBe(0.0228)
    const { out } = await world.run(['plan', 'fix typo in readme'])
    expect(out).toMatch(/→ +t3\.small +cloud +2 +2 GB +0\.0228 /)
    expect(out).toContain("AWS's price list, Linux on demand, eu-west-1")
    await world.cloud.ports.prices.put(table(0.0231, new Date(NOW).toISOString()))
    expect((await small(world))[0]).toBe(0.0231)
    await world.cloud.ports.prices.put(table(0.025, new Date(NOW + 1000).toISOString()))
    expect((await small(world))[0]).toBe(0.0231)
  })
})

describe('remote catalogue', () => {
  it('lists machines with prices, and says of when they are', async () => {
    const world = await open('cloud')
    const { out } = await world.run(['catalogue'])
    expect(out).toMatch(/^MACHINE +ARCHITECTURE +CPUS +MEMORY +\$\/HOUR +SPOT *\nt3\.small +x64 +2 +2 GB +0\.0208/)
    expect(out).toMatch(/\nm6i\.4xlarge +x64 +16 +64 GB +0\.768 /)
    expect(out).toMatch(/prices of \d{4}-\d{2}-\d{2}: /)
    expect(JSON.parse((await world.run(['catalogue', '--json'])).out).types[0]).toMatchObject({ instance: 't3.small', vcpus: 2 })
  })
})
