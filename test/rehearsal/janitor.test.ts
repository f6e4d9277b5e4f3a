import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { JANITOR_MARK } from '../../core/contract/janitor-mark.ts'
import { agedInstance } from './aged-instance.ts'
import { REGION } from './cloud.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal
let ec2: EC2Client
let table: DynamoDBClient

beforeAll(async () => {
  rehearsal = await openRehearsal({ machines: false })
  const credentials = await rehearsal.cloud.control.admin()
  ec2 = new EC2Client({ region: REGION, endpoint: rehearsal.endpoint, credentials })
  table = new DynamoDBClient({ region: REGION, endpoint: rehearsal.endpoint, credentials })
})
afterAll(() => rehearsal?.close())

const launch = (tags: Record<string, string>, seconds: number) => agedInstance(rehearsal, ec2, tags, seconds)
const janitor = async () => {
  const rule = (await rehearsal.cloud.control.rules(REGION)).find(({ schedule }) => schedule === 'rate(5 minutes)')
  if (!rule) throw new Error('nothing is scheduled every five minutes')
  return rule
}
const sweeps = async (name: string) => rehearsal.cloud.lambdas.reports().filter((report) => report.function === name).length
const sweep = async () => {
  const { name, targets } = await janitor()
  const janitorName = targets[0]?.split(':')[6] ?? ''
  const before = await sweeps(janitorName)
  await rehearsal.cloud.control.fire(name, REGION)
  await until('the sweep is over', async () => ((await sweeps(janitorName)) > before ? true : undefined))
  expect(
    rehearsal.cloud.lambdas.reports().at(-1),
    rehearsal.cloud.lambdas.log(janitorName) + rehearsal.cloud.log(),
  ).toMatchObject({ failed: false })
}
/** What was seen was seen five minutes earlier. */
const fiveMinutesLater = async () => {
  const Key = { pk: { S: 'janitor' }, sk: { S: 'sightings' } }
  const TableName = rehearsal.outputs['TableName'] ?? ''
  const { Item } = await table.send(new GetItemCommand({ TableName, Key }))
  const list = JSON.parse(Item?.['list']?.S ?? '[]') as { id: string; firstSeenAt: number }[]
  const earlier = list.map(({ id, firstSeenAt }) => ({ id, firstSeenAt: firstSeenAt - 300_000 }))
  await table.send(new PutItemCommand({ TableName, Item: { ...Key, list: { S: JSON.stringify(earlier) } } }))
  return list.map(({ id }) => id)
}
/** What its alarm counts. */
const ended = async () => {
  const name = (await janitor()).targets[0]?.split(':')[6] ?? ''
  return rehearsal.cloud.lambdas
    .log(name)
    .split('\n')
    .filter((line) => line.includes(JANITOR_MARK))
}
const alive = async () =>
  (await rehearsal.cloud.control.instances()).filter(({ state }) => state !== 'terminated').map(({ id }) => id)

it('a machine that is nobody’s goes at the second sweep; young, kept and foreign ones stay', async () => {
  const mine = { 'remote:stack': 'remote' }
  const unknown = await launch({ ...mine, 'remote:session': 's-0000000000', 'remote:attempt': '1' }, 900)
  const nameless = await launch(mine, 900)
  const young = await launch(mine, 60)
  const kept = await launch({ ...mine, 'remote:keep': 'yes' }, 900)
  await sweep()
  expect((await alive()).sort()).toEqual([unknown, nameless, young, kept].sort())
  expect((await fiveMinutesLater()).sort()).toEqual([unknown, nameless].sort())
  expect(await ended()).toEqual([])
  await sweep()
  expect(await ended()).toEqual([expect.stringContaining(unknown)])
  expect((await alive()).sort()).toEqual([young, kept].sort())
})

it('the janitor needed no permission that it does not have', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
