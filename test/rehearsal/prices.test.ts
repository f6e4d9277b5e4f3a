import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Catalogue } from '../../core/contract/catalogue.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { Purchase, Session } from '../../core/contract/session.ts'
import type { LedgerEntry, SpendRow } from '../../core/contract/spend.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import { REGION } from './cloud.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

const PATIENCE_MS = 120_000
const ZONES = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${REGION}${letter}`)

let rehearsal: Rehearsal
let table: DynamoDBClient
beforeAll(async () => {
  rehearsal = await openRehearsal()
  const used = await rehearsal.cli(['cloud', 'use'])
  expect(used.code, used.stderr).toBe(0)
  const Statement = [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }]
  const credentials = await rehearsal.cloud.control.user('admin', [{ Version: '2012-10-17', Statement }])
  table = new DynamoDBClient({ region: REGION, endpoint: rehearsal.endpoint, credentials })
}, 660_000)
afterAll(() => rehearsal?.close())

const json = async <T>(...argv: string[]): Promise<T> => {
  const { out, stderr } = await rehearsal.cli([...argv, '--json'])
  expect(out, stderr).not.toBe('')
  return JSON.parse(out) as T
}
const spendLog = () => [...rehearsal.cloud.lambdas.logs()].flatMap(([name, log]) => (/spend/i.test(name) ? log : [])).join('\n')
const runs = () => rehearsal.cloud.lambdas.reports().filter(({ function: name }) => /spend/i.test(name))
/** The hour's rule, so often at once, until its function has answered each. */
const hour = async (times = 1) => {
  const rules = await rehearsal.cloud.control.rules(REGION)
  const name = rules.find(({ schedule }) => schedule === 'rate(1 hour)')?.name ?? ''
  const before = runs().length
  await Promise.all(Array.from({ length: times }, () => rehearsal.cloud.control.fire(name, REGION)))
  const isOver = async () => (runs().length >= before + times ? runs().slice(before) : undefined)
  const ran = await until('the hour is over', isOver, PATIENCE_MS)
  expect(
    ran.some(({ failed }) => failed),
    spendLog(),
  ).toBe(false)
}
const entries = async (workspace: string): Promise<LedgerEntry[]> => {
  const months = [0, 1].map((ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 7))
  const found = await Promise.all(
    [...new Set(months)].map((month) => {
      const ExpressionAttributeValues = { ':pk': { S: `ledger#${month}` } }
      const ask = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues, ConsistentRead: true }
      return table.send(new QueryCommand({ TableName: rehearsal.outputs['TableName'] ?? '', ...ask }))
    }),
  )
  const all = found.flatMap(({ Items = [] }) => Items.map(({ entry }) => JSON.parse(entry?.S ?? '') as LedgerEntry))
  return all.filter((entry) => entry.disk !== undefined && entry.workspace === workspace)
}
const sumOf = (all: readonly LedgerEntry[]) => all.reduce((sum, { cost }) => sum + cost.totalUsd, 0)
const typeOf = ({ types }: Catalogue, name: string) => types.find(({ instance }) => instance === name)
const session = async (id: string) => {
  const { sessions } = await json<{ sessions: Session[] }>('status', '--all')
  return sessions.find((one) => one.id === id)
}

it('prices are the built-in ones until the first hour, and then AWS’s, with their date and source', async () => {
  const before = await json<Catalogue>('catalogue', '--on', 'cloud')
  expect(before).toMatchObject({
    pricesAsOf: '2026-11-20',
    pricesFrom: expect.stringMatching(/^AWS EC2 on-demand, Linux, us-east-1/),
  })
  const inZones = Object.fromEntries(ZONES.map((zone, n) => [zone, 0.0071 + n / 10_000]))
  await rehearsal.cloud.control.prices({ listed: { 't3.small': 0.0231, gp3: 0.1 }, spot: { 't3.small': inZones } })
  await hour()
  const after = await json<Catalogue>('catalogue', '--on', 'cloud')
  expect(typeOf(after, 't3.small')).toMatchObject({ onDemandUsdPerHour: 0.0231, spotUsdPerHour: 0.0073 })
  // There is none in zone e; and what the list does not know is as it was.
  expect(typeOf(after, 'm7g.large')).toEqual(typeOf(before, 'm7g.large'))
  const today = new Date().toISOString().slice(0, 10)
  expect(after.pricesAsOf).toBe(today)
  expect(after.pricesFrom).toMatch(
    new RegExp(`^AWS's price list, Linux on demand, us-east-1; spot is the market's of ${today} \\d\\d:\\d\\d UTC`),
  )
  const plan = await json<Plan>('plan', 'fix typo in readme', '--on', 'cloud', '--spot')
  expect(plan).toMatchObject({ pricesAsOf: after.pricesAsOf, pricesFrom: after.pricesFrom })
  expect(plan.candidates.find(({ chosen }) => chosen)).toMatchObject({ instance: 't3.small', onDemandUsdPerHour: 0.0231 })
})

it('a session has the price of what was launched, at its launch; AWS is not asked for it, and its receipt never changes', async () => {
  await rehearsal.cloud.control.forgetCalls()
  const words = ['dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', '--instance', 't3.small', '--spot', 'echo hi']
  const { code, stderr } = await rehearsal.cli(words)
  expect(code, stderr).toBe(0)
  const asked = (await rehearsal.cloud.control.calls()).filter(
    ({ service, action }) => service === 'pricing' || action === 'DescribeSpotPriceHistory',
  )
  expect(asked).toEqual([])
  const id = /s-[0-9a-z]{10}/.exec(stderr)?.[0] ?? ''
  const ended = await until(
    'it ended',
    async () => ((await session(id))?.state === 'ended' ? session(id) : undefined),
    PATIENCE_MS,
  )
  const purchase: Purchase | undefined = ended?.attempts[0]?.purchase
  const zone = purchase?.zone ?? ''
  const today = new Date().toISOString().slice(0, 10)
  expect(purchase).toMatchObject({
    spot: true,
    usdPerHour: expect.closeTo(0.0071 + ZONES.indexOf(zone) / 10_000, 9),
    usdPerGbMonth: 0.1,
  })
  expect(purchase?.priced).toEqual({ asOf: today, from: 'spot market' })
  expect(stderr).toContain(`t3.small spot at $${(purchase?.usdPerHour ?? 0).toFixed(4)} an hour (spot market, ${today})`)
  await rehearsal.cloud.control.prices({ spot: { 't3.small': { [zone]: 0.015 } } })
  await hour()
  expect(await session(id)).toEqual(ended)
  const { rows } = await json<{ rows: SpendRow[] }>('spend', '--on', 'cloud')
  expect(rows.find(({ key }) => key === id)?.cost).toEqual(ended?.cost)
})

it('a price that is absurd is refused and told once; a list that does not answer leaves what is known', async () => {
  await rehearsal.cloud.control.prices({ spot: { 'm6i.large': { [`${REGION}a`]: 96 } } })
  await hour()
  const told = async () => (await rehearsal.cloud.control.messages()).filter(({ subject }) => subject?.includes('unlikely price'))
  expect(await told()).toMatchObject([
    {
      topic: rehearsal.outputs['TopicArn'],
      subject: 'remote: 1 unlikely price in us-east-1',
      message: expect.stringContaining('spot m6i.large in us-east-1a is said to cost $96, and $0.096 on demand'),
    },
  ])
  expect(typeOf(await json<Catalogue>('catalogue', '--on', 'cloud'), 'm6i.large')?.spotUsdPerHour).toBeLessThan(0.04)
  await rehearsal.cloud.control.fault({ code: 'RequestLimitExceeded', service: 'ec2', action: 'DescribeSpotPriceHistory' })
  await hour()
  await rehearsal.cloud.control.clearFaults()
  expect(spendLog()).toContain('spot market: ')
  expect(typeOf(await json<Catalogue>('catalogue', '--on', 'cloud'), 't3.small')?.onDemandUsdPerHour).toBe(0.0231)
  expect(await told()).toHaveLength(1)
})

it('a workspace’s disk is in the ledger while no session runs: by the second, at each size, once, until it is deleted', async () => {
  const remote = async (...argv: string[]) => {
    const { code, stderr } = await rehearsal.cli(argv)
    expect(code, stderr).toBe(0)
  }
  await remote('workspace', 'create', '--name', 'alpha', '--size', '1gb', '--on', 'cloud')
  await hour()
  expect(await entries('alpha')).toEqual([])
  await remote('dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', '--workspace', 'alpha', 'echo kept >a')
  const shown = () => json<Workspace>('workspace', 'show', 'alpha', '--on', 'cloud')
  await until('nobody holds it', async () => ((await shown()).heldBy === undefined ? true : undefined), PATIENCE_MS)
  const usd = (gb: number, from: string, to: string) => (gb * 0.1 * (Date.parse(to) - Date.parse(from))) / 730 / 3_600_000

  await hour()
  const first = await shown()
  const since = first.disk?.since ?? ''
  expect(sumOf(await entries('alpha'))).toBeCloseTo(usd(1, since, first.disk?.countedTo ?? ''), 12)
  await hour(2)
  const second = await shown()
  expect(sumOf(await entries('alpha'))).toBeCloseTo(usd(1, since, second.disk?.countedTo ?? ''), 12)

  await remote('workspace', 'resize', 'alpha', '--size', '500gb', '--on', 'cloud')
  const grown = await shown()
  const small = usd(1, since, grown.disk?.countedTo ?? '')
  expect(sumOf(await entries('alpha'))).toBeCloseTo(small, 12)
  await hour()
  const third = await shown()
  expect(sumOf(await entries('alpha'))).toBeCloseTo(
    small + usd(500, grown.disk?.countedTo ?? '', third.disk?.countedTo ?? ''),
    12,
  )
  expect(third).toMatchObject({ usdPerMonth: 50 })

  const row = async (by: string, key: string) =>
    (await json<{ rows: SpendRow[] }>('spend', '--on', 'cloud', '--by', by)).rows.find((one) => one.key === key)
  const now = await row('workspace', 'alpha')
  expect(now).toMatchObject({ sessions: 1, running: 0 })
  expect(now?.cost.volumeUsd).toBeGreaterThan(sumOf(await entries('alpha')))
  expect(await row('session', '')).toMatchObject({ title: 'disk of workspace alpha', sessions: 0 })

  await remote('workspace', 'delete', 'alpha', '--yes', '--on', 'cloud')
  const all = await entries('alpha')
  expect(sumOf(all)).toBeGreaterThan(small + usd(500, grown.disk?.countedTo ?? '', third.disk?.countedTo ?? ''))
  await hour()
  expect(await entries('alpha')).toEqual(all)
  expect((await row('session', ''))?.cost.totalUsd).toBeCloseTo(sumOf(all), 12)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
