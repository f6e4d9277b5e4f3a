import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Budget, LedgerEntry, SpendRow } from '../../core/contract/spend.ts'
import { REGION } from './cloud.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

const PATIENCE_MS = 120_000

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
}, 660_000)
afterAll(() => rehearsal?.close())

const dispatch = (...more: string[]) => rehearsal.cli(['dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', ...more])
const json = async <T>(...argv: string[]): Promise<T> => {
  const { out, stderr } = await rehearsal.cli([...argv, '--json'])
  expect(out, stderr).not.toBe('')
  return JSON.parse(out) as T
}
let id = ''

it('the receipt of a session that ended is in the ledger, kind by kind, and counted for today', async () => {
  const { code, stderr } = await dispatch('echo hi')
  expect(code, stderr).toBe(0)
  const { rows } = await until(
    'it is in the ledger',
    async () => {
      const told = await json<{ rows: SpendRow[] }>('spend', '--on', 'cloud')
      return told.rows[0]?.running === 0 ? told : undefined
    },
    PATIENCE_MS,
  )
  const [row] = rows
  id = row?.key ?? ''
  const { sessions } = await json<{ sessions: { id: string; cost: SpendRow['cost'] }[] }>('status', '--all')
  expect(row?.cost).toEqual(sessions.find((session) => session.id === id)?.cost)
  for (const kind of ['computeUsd', 'volumeUsd', 'addressUsd', 'controlPlaneUsd'] as const)
    expect(row?.cost[kind], kind).toBeGreaterThan(0)
  const budget = await json<Budget>('budget', '--on', 'cloud')
  expect(budget).toMatchObject({ dailyUsd: 10 })
  expect(budget.spentUsd).toBeCloseTo(row?.cost.totalUsd ?? 0, 5)
})

it('a dispatch over the daily budget is refused before anything is bought, and one that runs goes on', async () => {
  const running = await dispatch('--detach', '--quiet', 'sleep 600')
  expect(running.code, running.stderr).toBe(0)
  const machines = async () => (await rehearsal.cloud.control.instances()).length
  const all = async () => (await json<{ sessions: { id: string; state: string }[] }>('status', '--all')).sessions
  await until(
    'it runs',
    async () =>
      (await all()).some((session) => session.id === running.out.trim() && session.state === 'running') ? true : undefined,
    PATIENCE_MS,
  )
  const before = [await machines(), (await all()).length]
  expect((await rehearsal.cli(['budget', 'set', '--daily', '0.0001', '--on', 'cloud'])).code).toBe(0)
  const refused = await dispatch('echo never')
  expect(refused.code).toBe(5)
  expect(refused.stderr).toMatch(/today's budget of \$0\.00 is spent: \$0\.\d\d so far/)
  expect(refused.stderr).toContain('remote budget set --daily')
  expect([await machines(), (await all()).length]).toEqual(before)
  expect((await all()).find((session) => session.id === running.out.trim())?.state).toBe('running')
  expect((await rehearsal.cli(['budget', 'set', '--daily', '10', '--on', 'cloud'])).code).toBe(0)
  const changes = await json<{ entries: { by: string; detail: object }[]; intact: boolean }>(
    'budget',
    '--timeline',
    '--on',
    'cloud',
  )
  expect(changes).toMatchObject({
    intact: true,
    entries: [
      { by: expect.stringContaining('ada'), detail: { dailyUsd: 0.0001 } },
      { by: expect.stringContaining('ada'), detail: { dailyUsd: 10, before: 0.0001 } },
    ],
  })
  const ended = await rehearsal.cli(['terminate', running.out.trim(), '--now', '--wait'])
  expect(ended.code, ended.stderr).toBe(0)
})

it('the daily summary goes to the topic: each session of yesterday, the total, and what is left today', async () => {
  const credentials = await rehearsal.cloud.control.admin()
  const table = new DynamoDBClient({ region: REGION, endpoint: rehearsal.endpoint, credentials })
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const cost = { computeUsd: 1, volumeUsd: 0, addressUsd: 0, controlPlaneUsd: 0, agentUsd: 2.5, totalUsd: 3.5 }
  const entry: LedgerEntry = { day, session: 's-0123456789', title: 'yesterday’s work', runtime: 'cloud', by: 'ada', cost }
  const Item = {
    pk: { S: `ledger#${day.slice(0, 7)}` },
    sk: { S: `${day}#${entry.session}` },
    entry: { S: JSON.stringify(entry) },
  }
  await table.send(new PutItemCommand({ TableName: rehearsal.outputs['TableName'] ?? '', Item }))
  const rules = await rehearsal.cloud.control.rules(REGION)
  const summary = rules.find(({ schedule }) => schedule?.startsWith('cron(0 6'))
  await rehearsal.cloud.control.fire(summary?.name ?? '', REGION)
  const told = await until(
    'the topic is told',
    async () => (await rehearsal.cloud.control.messages()).find(({ subject }) => subject?.includes(day)),
    PATIENCE_MS,
  )
  expect(told.topic).toBe(rehearsal.outputs['TopicArn'])
  expect(told.subject).toBe(`remote: $3.50 on ${day}, 1 session`)
  expect(told.message).toContain(`$3.50  s-0123456789  yesterday’s work`)
  expect(told.message).toContain('It went to machines $1.00, agents $2.50.')
  expect(told.message).toMatch(/Today so far: \$0\.\d+ of \$10\.00, \$(9\.\d\d|10\.00) left until 00:00 UTC/)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
