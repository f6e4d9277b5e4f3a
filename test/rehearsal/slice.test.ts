import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { deployStacks } from './cdk-deploy.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal

beforeAll(async () => {
  rehearsal = await openRehearsal({ deploy: 'cdk' })
})
afterAll(() => rehearsal?.close())

const gone = () =>
  until('all machines are gone', async () => {
    const instances = await rehearsal.cloud.control.instances()
    return instances.every(({ state }) => state === 'terminated') ? instances : undefined
  })
const lifecycle = async (session: string) => (await rehearsal.cloud.control.executions()).find(({ name }) => name === session)

it('the stack is found by its name and becomes the default', async () => {
  const used = await rehearsal.cli(['cloud', 'use'])
  expect([used.code, used.stderr]).toEqual([0, expect.stringContaining('cloud is stack remote in us-east-1')])
})

it('a command runs on a machine of its own, its output comes as it is written, and then the machine is gone', async () => {
  const { code, out, stderr } = await rehearsal.cli([
    'dispatch',
    '--agent',
    'shell',
    '--no-repo',
    'echo out; echo err >&2; id -un; echo $DOCKER_HOST; exit 3',
  ])
  const seen = [...rehearsal.cloud.lambdas.logs()].map(([name, log]) => `${name}\n${log}`).join('\n')
  expect(code, `${stderr}\n${seen}`).toBe(3)
  expect(out).toBe('out\nagent\nunix:///run/remote-containers/agent/docker.sock\n')
  expect(stderr).toContain('err')
  const [instance] = await gone()
  expect(instance?.reason).toMatch(/InstanceInitiated|UserInitiated/)
})

it('uncommitted work goes to the machine and the result comes home as a branch', async () => {
  const repository = rehearsal.world.repository({ 'a.txt': 'committed\n' })
  writeFileSync(join(repository, 'a.txt'), 'changed here\n')
  const task = 'cat a.txt; echo done there > b.txt'
  const { code, out, stderr } = await rehearsal.world.cli(['dispatch', '--agent', 'shell', task], { cwd: repository })
  expect(code, stderr).toBe(0)
  expect(out).toBe('changed here\n')
  const { stdout } = await rehearsal.cli(['status', '--all', '--json'])
  const sessions = (JSON.parse(stdout.toString()) as { sessions: { id: string; request: { task: string } }[] }).sessions
  const id = sessions.find(({ request }) => request.task === task)?.id ?? ''
  const pulled = await rehearsal.world.cli(['pull', id], { cwd: repository })
  expect(pulled.code, pulled.stderr).toBe(0)
  expect(rehearsal.world.git(repository, 'show', `remote/${id}:b.txt`)).toBe('done there\n')
  await gone()
  expect(
    await until('the lifecycle ends', async () => ((await lifecycle(id))?.status === 'SUCCEEDED' ? lifecycle(id) : undefined)),
  ).toMatchObject({
    error: null,
  })
  expect((await lifecycle(id))?.transitions).toBeLessThanOrEqual(12)
})

it('a session goes on while the stack is updated, and what was changed holds from then on', async () => {
  const task = 'until [ -e /run/go ]; do sleep 0.1; done; echo went on'
  const { out } = await rehearsal.cli(['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--quiet', task])
  const id = out.trim()
  const recorded = async () => JSON.parse((await rehearsal.cli(['status', '--all', '--json'])).out) as { sessions: Session[] }
  const session = async () => (await recorded()).sessions.find((one) => one.id === id)
  const running = await until('it runs', async () => ((await session())?.state === 'running' ? session() : undefined), 120_000)
  await deployStacks(rehearsal.cloud, { diskGb: '50' })
  const machine = await rehearsal.machines?.instances.get(running?.attempts[0]?.machine ?? '')?.machine
  await machine?.run('touch', '/run/go')
  const attached = await rehearsal.cli(['attach', id])
  expect([attached.code, attached.out]).toEqual([0, 'went on\n'])
  expect((await session())?.attempts).toMatchObject([{ purchase: { diskGb: 40 } }])
  const next = await rehearsal.cli(['dispatch', '--agent', 'shell', '--no-repo', '--json', 'true'])
  expect(JSON.parse(next.out)).toMatchObject({ outcome: { outcome: 'succeeded' }, attempts: [{ purchase: { diskGb: 50 } }] })
  await gone()
}, 300_000)

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
