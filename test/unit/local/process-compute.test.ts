import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { openProcessCompute } from '../../../local/adapters/process-compute.ts'
import { listProcesses } from '../../../local/adapters/process-facts.ts'
import { killMarked, markedProcesses } from '../../../local/adapters/process-marker.ts'

const RUNNER = new URL('./runners/claiming-runner.ts', import.meta.url).pathname
let count = 0
const started: string[] = []

const world = (options: { runner?: string[]; claimSeconds?: number } = {}) => {
  const sessions = mkdtempSync(join(tmpdir(), 'compute-'))
  const runner = options.runner ?? [process.execPath, RUNNER]
  const open = () =>
    openProcessCompute({
      sessions,
      runner,
      arguments: [],
      env: { PATH: process.env['PATH'] ?? '' },
      claimSeconds: options.claimSeconds ?? 20,
    })
  count += 1
  const id = `s-${process.pid}x${count}`
  started.push(id)
  return { sessions, dir: join(sessions, id), id, session: { id, request: {} } as Session, open, compute: open() }
}
const startsIn = (dir: string) => readFileSync(join(dir, 'starts'), 'utf8').trim().split('\n').length

afterEach(async () => {
  for (const id of started.splice(0)) for (const attempt of [1, 2]) await killMarked(id, attempt)
})

it('a launched machine is found alive until it is terminated', async () => {
  const { compute, session, id } = world()
  const { machine } = await compute.launch(session, 1)
  expect(await compute.find(id, 1)).toEqual({ id: machine, alive: true })
  await compute.terminate(id, 1)
  expect(await compute.find(id, 1)).toMatchObject({ id: machine, alive: false })
}, 20_000)

it('launching an attempt many times, also from another process, gives one machine', async () => {
  const { compute, session, open, dir } = world()
  const other = open()
  const machines = await Promise.all([compute, compute, other, other].map((each) => each.launch(session, 1)))
  const later = await open().launch(session, 1)
  expect(new Set([...machines, later].map(({ machine }) => machine)).size).toBe(1)
  expect(startsIn(dir)).toBeLessThanOrEqual(2)
}, 20_000)

it('terminate kills children that left the process group or cleared their environment', async () => {
  const { compute, session, id } = world()
  await compute.launch(session, 1)
  await expect.poll(() => markedProcesses(id, 1).length, { timeout: 5000 }).toBeGreaterThanOrEqual(4)
  const before = markedProcesses(id, 1)
  await compute.terminate(id, 1)
  const left = new Set(
    listProcesses()
      .filter(({ alive }) => alive)
      .map(({ pid }) => pid),
  )
  expect(before.filter((pid) => left.has(pid))).toEqual([])
}, 20_000)

it('terminating one attempt leaves another one of the session alone', async () => {
  const { compute, session, id } = world()
  await compute.launch(session, 1)
  await compute.launch(session, 2)
  await compute.terminate(id, 1)
  expect(await compute.find(id, 2)).toMatchObject({ alive: true })
}, 20_000)

it('an attempt that was terminated before its launch never starts', async () => {
  const { compute, session, id, dir } = world()
  await compute.terminate(id, 1)
  await compute.terminate(id, 1)
  await expect(compute.launch(session, 1)).rejects.toMatchObject({ code: 'fenced' })
  expect(existsSync(join(dir, 'starts'))).toBe(false)
  expect(await compute.find(id, 1)).toBeUndefined()
})

it('a runner that started and died is known to be gone', async () => {
  const { compute, session, id, dir } = world()
  mkdirSync(dir)
  writeFileSync(join(dir, 'broken'), '')
  const { machine } = await compute.launch(session, 1)
  await expect.poll(() => compute.find(id, 1), { timeout: 5000 }).toMatchObject({ id: machine, alive: false })
}, 20_000)

it('a runner that never claims its attempt is refused with its last words', async () => {
  const { compute, session } = world({ runner: ['sh', '-c', 'echo no such library >&2; exit 1'] })
  await expect(compute.launch(session, 1)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('no such library'),
  })
})

it('the last words are those of this runner, not of those before it', async () => {
  const { compute, session, dir } = world({ runner: ['sh', '-c', 'exit 1'] })
  mkdirSync(dir)
  writeFileSync(join(dir, 'runner.log'), 'what the attempt before said\n'.repeat(1000))
  const refused = await compute.launch(session, 1).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'unavailable', message: 'the runner did not start' })
})

it('a claim that cannot be read is no sign that the machine is gone', async () => {
  const { compute, session, id, dir } = world()
  await compute.launch(session, 1)
  const claim = join(dir, 'attempt-1.json')
  renameSync(claim, `${claim}.aside`)
  mkdirSync(claim) // reading it fails, as it does when a process has too many files open
  await expect(compute.find(id, 1)).rejects.toMatchObject({ code: 'EISDIR' })
  rmdirSync(claim)
  renameSync(`${claim}.aside`, claim)
  expect(await compute.find(id, 1)).toMatchObject({ alive: true })
  writeFileSync(join(dir, 'attempt-2.json'), '{"pid": 1')
  expect(await compute.find(id, 2)).toMatchObject({ alive: false })
}, 20_000)

it('a runner that hangs before its claim is killed at the deadline', async () => {
  const { compute, session, id } = world({ runner: ['sh', '-c', 'exec sleep 600'], claimSeconds: 0.2 })
  await expect(compute.launch(session, 1)).rejects.toMatchObject({ code: 'unavailable' })
  await expect.poll(() => markedProcesses(id, 1), { timeout: 5000 }).toEqual([])
}, 20_000)

it('cleaning removes the checkout and keeps log and memory of the agent, read-only directories or not', async () => {
  const { compute, id, dir } = world()
  mkdirSync(join(dir, 'work', 'cache'), { recursive: true })
  writeFileSync(join(dir, 'work', 'cache', 'file'), '')
  for (const kept of ['log', 'agent']) mkdirSync(join(dir, kept))
  await compute.clean(id, { keepCheckout: false })
  await compute.clean(id, { keepCheckout: false })
  expect(['work', 'log', 'agent'].map((name) => existsSync(join(dir, name)))).toEqual([false, true, true])
})
