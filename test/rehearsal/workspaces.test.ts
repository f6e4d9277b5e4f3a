import { DescribeSnapshotsCommand, DescribeSubnetsCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import { REGION } from './cloud.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots on a slow machine. */
const PATIENCE_MS = 120_000

let rehearsal: Rehearsal
let ec2: EC2Client
let repository: string
beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
  const Statement = [{ Effect: 'Allow' as const, Action: 'ec2:Describe*', Resource: '*' }]
  const credentials = await rehearsal.cloud.control.user('watcher', [{ Version: '2012-10-17', Statement }])
  ec2 = new EC2Client({ region: REGION, endpoint: rehearsal.endpoint, credentials })
  repository = rehearsal.world.repository({ 'a.txt': 'committed\n' })
})
beforeEach(() => rehearsal.cloud.control.clearFaults())
afterAll(() => rehearsal?.close())

/** What functions and machines wrote, but for the times. */
const said = () =>
  [...rehearsal.cloud.lambdas.logs(), ...rehearsal.consoles]
    .flatMap(([name, log]) => [
      name,
      ...log
        .split('\n')
        .filter((line) => !/^(REPORT|START|END) /.test(line))
        .slice(-40),
    ])
    .join('\n')
const remote = async (...args: string[]) => {
  const { code, out, stderr } = await rehearsal.world.cli(args, { cwd: repository })
  expect(code, `${stderr}\n${said()}`).toBe(0)
  return out
}
const dispatch = (workspace: string, task: string, ...more: string[]) =>
  rehearsal.world.cli(['dispatch', '--agent', 'shell', '--workspace', workspace, ...more, task], { cwd: repository })
const ran = async (workspace: string, task: string, ...more: string[]) => {
  const { code, out, stderr } = await dispatch(workspace, task, ...more)
  expect(code, `${stderr}\n${said()}`).toBe(0)
  return out
}
const shown = async (workspace: string) => JSON.parse(await remote('workspace', 'show', workspace, '--json')) as Workspace
const volumes = async (workspace: string) => {
  const { Volumes = [] } = await ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'tag:remote:workspace', Values: [workspace] }] }),
  )
  return Volumes
}
const sessionOf = async (task: string) => {
  const { sessions } = JSON.parse(await remote('status', '--all', '--json')) as { sessions: Session[] }
  return sessions.find(({ request }) => request.task === task)
}
const machinesOf = async (session: string) =>
  (await rehearsal.cloud.control.instances()).filter(({ tags }) => tags['remote:session'] === session)
const running = (task: string) =>
  until(
    `${task} runs`,
    async () => {
      const session = await sessionOf(task)
      return session?.state === 'running' ? session : undefined
    },
    PATIENCE_MS,
  )
const nothingRuns = () =>
  until(
    'nothing runs',
    async () => {
      const all = await rehearsal.cloud.control.instances()
      return all.every(({ state }) => state === 'terminated') ? all : undefined
    },
    PATIENCE_MS,
  )

it('what a session leaves in a workspace is found by the next one, on another machine', async () => {
  await remote('workspace', 'create', '--name', 'alpha', '--size', '2gb')
  expect(await volumes('alpha')).toEqual([])
  expect(await ran('alpha', 'echo kept >b.txt; df --output=target . | tail -n 1')).toBe('/workspace\n')
  expect(await ran('alpha', 'cat a.txt b.txt')).toBe('committed\nkept\n')
  const machines = await nothingRuns()
  expect(new Set(machines.map(({ id }) => id)).size).toBe(2)
  const [volume, ...others] = await volumes('alpha')
  expect(others).toEqual([])
  expect(volume).toMatchObject({ VolumeType: 'gp3', Encrypted: true, Size: 2, State: 'available' })
  expect(machines.map(({ zone }) => zone)).toEqual([volume?.AvailabilityZone, volume?.AvailabilityZone])
  expect(await shown('alpha')).toMatchObject({ zone: volume?.AvailabilityZone, volume: volume?.VolumeId, usdPerMonth: 0.16 })
})

it('what [setup] made is kept with it, and found by the next machine', async () => {
  const toml = '[setup]\ncommands = ["echo made by $(cat /proc/sys/kernel/random/uuid) >made"]\ninputs = ["a.txt"]\n'
  const project = rehearsal.world.repository({ 'a.txt': 'one\n', 'remote.toml': toml, '.gitignore': 'made\n' })
  await remote('workspace', 'create', '--name', 'prepared', '--size', '1gb')
  const run = () =>
    rehearsal.world.cli(['dispatch', '--agent', 'shell', '--workspace', 'prepared', '--from', 'mine', 'cat made; rm made'], {
      cwd: project,
    })
  const [first, second] = [await run(), await run()]
  expect(first.code, `${first.stderr}\n${said()}`).toBe(0)
  expect(first.out).toMatch(/^made by .{36}\n$/)
  expect([second.code, second.out], second.stderr).toEqual([0, first.out])
})

it('a spot machine that is taken leaves its workspace to the next one, and the work goes on there', async () => {
  const task = 'echo $(hostname) >>hosts.txt; sleep 25; cat hosts.txt | wc -l'
  const dispatched = dispatch('alpha', task, '--spot', '--retries', '1')
  const session = await running(task)
  const [first] = await machinesOf(session.id)
  await rehearsal.cloud.control.interrupt(first?.id ?? '', 6)
  const { code, out, stderr } = await dispatched
  expect(code, `${stderr}\n${said()}`).toBe(0)
  expect(out.trim().split('\n').at(-1)).toBe('2')
  const machines = await machinesOf(session.id)
  expect(machines.map(({ tags }) => tags['remote:volume'])).toEqual(Array(2).fill((await shown('alpha')).volume))
  expect(new Set(machines.map(({ zone }) => zone)).size).toBe(1)
  expect((await sessionOf(task))?.attempts.map(({ purchase }) => purchase?.workspaceGb)).toEqual([2, 2])
})

it('a new workspace follows the machines to a zone that has some; one with work in it says how to', async () => {
  const { zone: short = '' } = await shown('alpha')
  await rehearsal.cloud.control.fault({ code: 'InsufficientInstanceCapacity', zone: short })
  const refused = await dispatch('alpha', 'true')
  expect([refused.code, refused.stderr]).toEqual([
    123,
    expect.stringMatching(/workspace alpha lies; to go elsewhere: remote workspace move alpha --zone us-east-1/),
  ])
  await remote('workspace', 'create', '--name', 'fresh', '--size', '1gb')
  await rehearsal.cloud.control.clearFaults()
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}))
  const own = Subnets.filter(({ CidrBlock }) => CidrBlock?.startsWith('10.113.'))
  const [last = '', ...others] = own.map(({ AvailabilityZone = '' }) => AvailabilityZone)
  expect(others.length).toBeGreaterThan(1)
  for (const zone of others) await rehearsal.cloud.control.fault({ code: 'InsufficientInstanceCapacity', zone })
  expect(await ran('fresh', 'echo here')).toBe('here\n')
  expect((await volumes('fresh')).map(({ AvailabilityZone }) => AvailabilityZone)).toEqual([last])
})

it('a workspace is moved to another zone with all that is in it, and grows', async () => {
  await nothingRuns()
  const before = await shown('alpha')
  const zone = before.zone === 'us-east-1b' ? 'us-east-1c' : 'us-east-1b'
  await remote('workspace', 'move', 'alpha', '--zone', zone)
  const after = await shown('alpha')
  expect(after).toMatchObject({ zone, usdPerMonth: 0.16 })
  expect(after.volume).not.toBe(before.volume)
  await remote('workspace', 'resize', 'alpha', '--size', '3gb')
  expect(await ran('alpha', 'cat b.txt; [ $(df --output=size --block-size=1M . | tail -n 1) -gt 2500 ] && echo grown')).toBe(
    'kept\ngrown\n',
  )
  const nowhere = await rehearsal.cli(['workspace', 'move', 'alpha', '--zone', 'eu-west-1a'])
  expect([nowhere.code, nowhere.stderr]).toEqual([5, expect.stringContaining('no subnet in eu-west-1a')])
  expect((await volumes('alpha')).map(({ VolumeId }) => VolumeId)).toEqual([after.volume])
  const { Snapshots = [] } = await ec2.send(
    new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: [{ Name: 'tag:remote:workspace', Values: ['alpha'] }] }),
  )
  expect(Snapshots).toEqual([])
})

it('a snapshot is what another workspace begins with', async () => {
  await nothingRuns()
  const id = (await remote('workspace', 'snapshot', 'alpha', '--quiet')).trim()
  expect((await shown('alpha')).snapshots).toMatchObject([{ id }])
  await remote('workspace', 'create', '--name', 'beta', '--from-snapshot', id)
  await until('it is complete', async () => {
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))
    return Snapshots[0]?.State === 'completed' ? true : undefined
  })
  expect(await ran('beta', 'cat b.txt')).toBe('kept\n')
})

it('too many disks in the account are said', async () => {
  await remote('workspace', 'create', '--name', 'many', '--size', '1gb')
  await rehearsal.cloud.control.fault({ code: 'VolumeLimitExceeded', service: 'ec2', action: 'CreateVolume' })
  const { code, stderr } = await dispatch('many', 'true')
  expect([code, stderr]).toEqual([123, expect.stringContaining('your account may not have more volumes')])
})

it('a workspace is not deleted while a session holds it, and then with its disk', async () => {
  const task = 'echo held; sleep 300'
  const dispatched = dispatch('beta', task)
  const session = await running(task)
  const refused = await rehearsal.cli(['workspace', 'delete', 'beta', '--yes'])
  expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining(session.id)])
  expect(await volumes('beta')).toHaveLength(1)
  await rehearsal.cli(['terminate', session.id, '--wait'])
  await dispatched
  await nothingRuns()
  for (const name of ['alpha', 'beta', 'fresh', 'prepared', 'many']) await remote('workspace', 'delete', name, '--yes')
  const { Volumes = [] } = await ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'tag-key', Values: ['remote:workspace'] }] }),
  )
  expect(Volumes).toEqual([])
  const { Snapshots = [] } = await ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag-key', Values: ['remote:workspace'] }] }),
  )
  expect(Snapshots).toEqual([])
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
