import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { deployAssembly } from './deploy-assembly.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'

let rehearsal: Rehearsal

/** Two control planes in one account and region, and a person who may use both. */
beforeAll(async () => {
  rehearsal = await openRehearsal({ machines: false })
  const { cloud, world } = rehearsal
  await cloud.control.enforce(false)
  const team = await deployAssembly(cloud, { name: 'team' })
  await cloud.control.enforce(true)
  const policies = [rehearsal.outputs, team['team'] ?? {}].map(({ PeoplePolicyArn = '' }) => PeoplePolicyArn)
  Object.assign(world.env, cloud.env(await cloud.control.user('grace', [], policies)))
}, 600_000)
afterAll(() => rehearsal?.close())

const cli = (...argv: string[]) => rehearsal.cli(argv)
const done = async (...argv: string[]) => {
  const { code, out, stderr } = await cli(...argv)
  expect(code, stderr).toBe(0)
  return { out, stderr }
}
const dispatched = async (on: string): Promise<Session> =>
  JSON.parse((await done('dispatch', '--on', on, '--agent', 'shell', '--no-repo', '--detach', '--json', 'true')).out)

it('two stacks of one region are two runtimes, measured, and sessions of both are one list', async () => {
  expect((await done('cloud', 'use')).stderr).toContain('cloud is stack remote in us-east-1')
  const { stderr } = await done('cloud', 'use', '--stack', 'team')
  expect(stderr).toMatch(/^cloud:us-east-1\/team is stack team in us-east-1, account \d{12}, version [\d.]+, [\d.]+ ms away/)
  const [first, second] = [await dispatched('cloud:us-east-1'), await dispatched('cloud:us-east-1/team')]
  const { sessions } = JSON.parse((await done('status', '--json')).out) as { sessions: Session[] }
  expect(sessions.map(({ id }) => id)).toEqual([second.id, first.id])
  const { clouds } = JSON.parse((await done('cloud', 'status', '--json')).out)
  expect(clouds).toMatchObject([
    { runtime: 'cloud:us-east-1', stack: 'remote', ms: expect.any(Number) },
    { runtime: 'cloud:us-east-1/team', stack: 'team', ms: expect.any(Number) },
  ])
})

it('a session is found by its id in whichever it is, and ended there', async () => {
  for (const on of ['cloud:us-east-1', 'cloud:us-east-1/team']) {
    const { id } = await dispatched(on)
    expect(JSON.parse((await done('status', id.slice(0, 9), '--json')).out)).toMatchObject({ id })
    expect((await done('terminate', id, '--now')).stderr).toContain(id)
  }
})

it('a workspace draws what works on it to its own stack', async () => {
  await done('config', 'set', 'on', 'cloud:us-east-1/team')
  await done('workspace', 'create', 'alpha', '--size', '10gb', '--on', 'cloud:us-east-1')
  const ask = ['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--json', '--workspace', 'alpha', 'true']
  const { out, stderr } = await done(...ask)
  expect(stderr).toContain('workspace alpha is in cloud:us-east-1, and so is this')
  const { id } = JSON.parse(out) as Session
  expect((await done('status', id)).out).toMatch(/ cloud:us-east-1 /)
})

it('one that is forgotten is asked no more, and found again', async () => {
  const { id } = await dispatched('cloud:us-east-1/team')
  await done('cloud', 'forget', 'cloud:us-east-1/team')
  expect((await cli('status', id)).code).toBe(3)
  await done('cloud', 'use', '--stack', 'team')
  expect(JSON.parse((await done('status', id, '--json')).out)).toMatchObject({ id })
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
