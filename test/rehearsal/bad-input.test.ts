import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** A session that fails walks its whole lifecycle, with the pauses of its retries. */
const PATIENCE_MS = 150_000

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
}, 300_000)
afterEach(() => rehearsal.cloud.control.clearFaults())
afterAll(() => rehearsal?.close())

const SHELL = ['dispatch', '--agent', 'shell', '--no-repo', '--quiet']
const sessions = async (): Promise<Session[]> =>
  (JSON.parse((await rehearsal.cli(['status', '--all', '--json'])).out) as { sessions: Session[] }).sessions
const executions = async () => (await rehearsal.cloud.control.executions()).length
const nothingRuns = () =>
  until(
    'nothing runs',
    async () =>
      (await rehearsal.cloud.control.instances()).every(({ state }) => state === 'terminated') &&
      (await rehearsal.cloud.control.executions()).every(({ status }) => status === 'SUCCEEDED')
        ? true
        : undefined,
    PATIENCE_MS,
  )
const fault = (code: string, more: object) => rehearsal.cloud.control.fault({ code, ...more })

/** Refused before anything is recorded: no session, no lifecycle, no machine. */
const isRefusedAtOnce = async (args: string[], exit: number, says: RegExp) => {
  const before = [await sessions(), await executions(), await rehearsal.cloud.control.instances()]
  const { code, stderr } = await rehearsal.cli([...SHELL, ...args])
  expect([code, stderr]).toEqual([exit, expect.stringMatching(says)])
  await rehearsal.cloud.control.clearFaults()
  expect([await sessions(), await executions(), await rehearsal.cloud.control.instances()]).toEqual(before)
}
/** Recorded, tried, and ended with the reason; nothing is bought or left. */
const endsRefused = async (args: string[], says: RegExp, exit = 123) => {
  const machines = (await rehearsal.cloud.control.instances()).length
  const { code, stderr } = await rehearsal.cli(['dispatch', '--agent', 'shell', '--no-repo', ...args])
  expect([code, stderr]).toEqual([exit, expect.stringMatching(says)])
  await nothingRuns()
  expect(await rehearsal.cloud.control.instances()).toHaveLength(machines)
}

describe('what can be known beforehand is refused before there is a session', () => {
  it.each<[string, string[], number, RegExp]>([
    ['a type there is not', ['--instance', 'm6i.huge', 'true'], 5, /no instance type m6i\.huge[\s\S]*nearest: m6i\./],
    [
      'a type of another architecture than was deployed',
      ['--instance', 'm7g.large', 'true'],
      5,
      /m7g\.large is arm64, and machines of this control plane are x64[\s\S]*--set architectures=x64,arm64/,
    ],
    ['a secret there is not', ['--secret', 'NOPE', 'true'], 5, /NOPE[\s\S]*remote secrets set NOPE/],
    ['a workspace there is not', ['--workspace', 'nope', 'true'], 5, /no workspace nope/],
    ['a price for which nothing is sold', ['--max-price', '0.001', 'true'], 5, /nothing is sold at 0\.001/],
  ])('%s', (_, args, exit, says) => isRefusedAtOnce(args, exit, says))
})

const DENIED =
  'User: arn:aws:sts::123456789012:assumed-role/http/http is not authorized to perform: secretsmanager:GetSecretValue on resource: remote/remote/TOKEN with an explicit deny'

describe('what only AWS knows ends the session with the reason, and nothing is left', () => {
  it('a quota that is used up', async () => {
    await fault('VcpuLimitExceeded', { pool: true })
    await endsRefused(['true'], /your account may not run more vCPUs[\s\S]*VcpuLimitExceeded[\s\S]*remote cloud doctor/)
  })

  it('a type that the region does not have', async () => {
    await fault('InvalidInstanceType', { service: 'ec2', action: 'CreateFleet' })
    await endsRefused(['--instance', 't3.large', 'true'], /there is no such instance type in this region/)
  })

  it('a type that no zone has now', async () => {
    await fault('InsufficientInstanceCapacity', { type: 't3.xlarge' })
    await endsRefused(['--instance', 't3.xlarge', 'true'], /no machine is to be had now[\s\S]*InsufficientInstanceCapacity/)
  })

  it('a price cap below the market', async () => {
    await fault('SpotMaxPriceTooLow', { lifecycle: 'spot' })
    await endsRefused(['--instance', 't3.small', '--spot', '--max-price', '0.002', 'true'], /SpotMaxPriceTooLow/)
    await endsRefused(['--instance', 't3.small', '--max-price', '0.002', 'true'], /t3\.small costs \$0\.0208 an hour on demand/)
  })

  it('a secret that the control plane is denied', async () => {
    const set = await rehearsal.cli(['secrets', 'set', 'TOKEN', '--on', 'cloud'], { stdin: 'hunter2-hunter2' })
    expect(set.code, set.stderr).toBe(0)
    await fault('AccessDeniedException', { service: 'secretsmanager', action: 'GetSecretValue', message: DENIED })
    await fault('AccessDeniedException', { service: 'secretsmanager', action: 'BatchGetSecretValue', message: DENIED })
    await isRefusedAtOnce(
      ['--secret', 'TOKEN', 'true'],
      5,
      /control plane is denied secretsmanager:GetSecretValue[\s\S]*policy of your organisation/,
    )
  })
})

describe('AWS that is busy or unsure', () => {
  it('a throttled table is waited out: one session, and its output is whole', async () => {
    const before = (await sessions()).length
    for (const action of ['PutItem', 'TransactWriteItems', 'UpdateItem', 'GetItem', 'Query'])
      await fault('ProvisionedThroughputExceededException', { service: 'dynamodb', action, times: 4 })
    const { code, out, stderr } = await rehearsal.cli([...SHELL, 'echo through'])
    expect([code, out], stderr).toEqual([0, 'through\n'])
    expect((await sessions()).length).toBe(before + 1)
    await nothingRuns()
  })

  it('a table that takes nothing for long is told, and nothing was begun', async () => {
    await fault('ProvisionedThroughputExceededException', { service: 'dynamodb' })
    const before = await executions()
    const { code, stderr } = await rehearsal.cli([...SHELL, 'true'])
    expect([code, stderr]).toEqual([75, expect.stringMatching(/does not take the call now|is throttling|failed to answer/)])
    await rehearsal.cloud.control.clearFaults()
    expect(await executions()).toBe(before)
  })
})

describe('who one is, and when', () => {
  const skewed = (minutes: number) => ({
    env: {
      ...rehearsal.world.env,
      NODE_OPTIONS: `--require ${fileURLToPath(new URL('../support/skewed-clock.cjs', import.meta.url))}`,
      CLOCK_SKEW_MINUTES: String(minutes),
    },
  })
  it.each([
    [12, /clock is 12 minutes ahead of AWS[\s\S]*set the clock/],
    [-45, /clock is 45 minutes behind AWS/],
  ])('a clock that is %i minutes off is told, with the offset', async (minutes, says) => {
    for (const words of [
      [...SHELL, 'true'],
      ['cloud', 'use'],
    ]) {
      const { code, stderr } = await rehearsal.world.cli(words, skewed(minutes))
      expect([words[0], code, stderr]).toEqual([words[0], 5, expect.stringMatching(says)])
    }
  })

  it('temporary credentials that have ended', async () => {
    const Statement = [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }]
    const trusts = 'arn:aws:iam::123456789012:root'
    const role = await rehearsal.cloud.control.role('operators', { trusts, policies: [{ Version: '2012-10-17', Statement }] })
    const keys = await rehearsal.cloud.control.credentials(role.arn, 'ada')
    const env = {
      ...rehearsal.world.env,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
    }
    const works = await rehearsal.world.cli(['secrets', 'list', '--on', 'cloud'], { env })
    expect(works.code, works.stderr).toBe(0)
    await rehearsal.cloud.control.expire(keys.accessKeyId)
    for (const words of [
      ['secrets', 'list', '--on', 'cloud'],
      ['cloud', 'use'],
    ]) {
      const { code, stderr } = await rehearsal.world.cli(words, { env })
      expect([code, stderr]).toEqual([5, expect.stringMatching(/AWS login has expired|may not use execute-api:Invoke/)])
    }
  })

  it('a region where the stack is not', async () => {
    const { code, stderr } = await rehearsal.cli(['cloud', 'use', '--region', 'eu-central-1'])
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(
        /may not use cloudformation:DescribeStacks on stack remote in eu-central-1[\s\S]*remote cloud use --stack S --region R/,
      ),
    ])
    expect((await rehearsal.cli(['secrets', 'list', '--on', 'cloud'])).code).toBe(0)
  })
})

it('no lifecycle failed, and nothing is left', async () => {
  await nothingRuns()
  const left = (await sessions()).filter(({ state }) => state !== 'ended')
  expect(left).toEqual([])
})
