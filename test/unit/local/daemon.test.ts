import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { killMarked } from '../../../local/adapters/process-marker.ts'
import { openDaemonWorld } from './daemon-world.ts'

const worlds: ReturnType<typeof openDaemonWorld>[] = []
const world = (...options: Parameters<typeof openDaemonWorld>) => {
  const made = openDaemonWorld(...options)
  worlds.push(made)
  return made
}
const sessions: string[] = []
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close()
  for (const id of sessions.splice(0)) for (const attempt of [1, 2]) await killMarked(id, attempt)
})
const ended = { timeout: 20_000, interval: 50 }
const runnerPid = (made: ReturnType<typeof openDaemonWorld>, id: string): number =>
  (JSON.parse(readFileSync(join(made.paths.sessions, id, 'attempt-1.json'), 'utf8')) as { pid: number }).pid

it('a started daemon says that it is ready, and answers', async () => {
  const here = world()
  const { answer, pid } = await here.start()
  expect(answer).toEqual({ ready: true, version: expect.any(String), pid, socket: here.paths.socket })
  expect((await here.call('GET', '/v1/about')).body).toMatchObject({ pid, runtimes: ['local'], activeSessions: 0 })
}, 20_000)

it('of eight started at once one stays, and all of them say so', async () => {
  const here = world()
  const all = await Promise.all(Array.from({ length: 8 }, () => here.start()))
  expect(new Set(all.map(({ answer }) => answer?.pid)).size).toBe(1)
  const [winner] = all.filter(({ pid }) => pid === all[0]?.answer?.pid)
  expect(winner).toBeDefined()
  const codes = await Promise.all(all.filter((each) => each !== winner).map(({ exited }) => exited))
  expect(codes.every((code) => code === 0)).toBe(true)
}, 60_000)

it('a socket left by a killed daemon is replaced', async () => {
  const here = world()
  const first = await here.start()
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  expect(existsSync(here.paths.socket)).toBe(true)
  const second = await here.start()
  expect(second.answer).toMatchObject({ ready: true, pid: second.pid })
  expect((await here.call('GET', '/v1/about')).status).toBe(200)
}, 30_000)

it.each(['socket', 'run'] as const)(
  'a daemon whose %s is removed ends, and the next one finds what runs',
  async (place) => {
    const here = world()
    const first = await here.start()
    rmSync(here.paths[place], { recursive: true })
    expect(await first.exited).toBe(0)
    const second = await here.start()
    expect(second.answer).toMatchObject({ ready: true, pid: second.pid })
  },
  30_000,
)

it.runIf(process.getuid?.() === 0)(
  'a directory or a socket of somebody else is refused with what to do',
  async () => {
    const here = world()
    mkdirSync(here.paths.run, { recursive: true })
    chownSync(here.paths.run, 1, 1)
    const first = await here.start()
    expect(first.answer?.error).toMatchObject({
      code: 'refused',
      message: expect.stringContaining(here.paths.run),
      hint: expect.stringContaining('REMOTE_HOME'),
    })
    expect(await first.exited).toBe(5)
    chownSync(here.paths.run, 0, 0)
    writeFileSync(here.paths.socket, 'not a socket')
    expect((await here.start()).answer?.error).toMatchObject({
      code: 'refused',
      message: expect.stringContaining(here.paths.socket),
    })
  },
  30_000,
)

it('a place where nothing can be made is named', async () => {
  const here = world()
  mkdirSync(dirname(here.paths.data), { recursive: true })
  writeFileSync(here.paths.data, 'a file')
  const { answer } = await here.start()
  expect(answer?.error).toMatchObject({
    code: 'refused',
    message: expect.stringContaining(here.paths.data),
    hint: expect.stringContaining('REMOTE_HOME'),
  })
}, 20_000)

it('a damaged database is refused by name, and left alone', async () => {
  const here = world()
  mkdirSync(here.paths.data, { recursive: true })
  writeFileSync(here.paths.database, 'no database at all\n'.repeat(500))
  const { answer, exited } = await here.start()
  expect(answer?.error).toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining(here.paths.database),
    hint: expect.stringContaining('remote doctor'),
  })
  expect(await exited).toBe(74)
  expect(readFileSync(here.paths.database, 'utf8')).toContain('no database at all')
}, 20_000)

it('a daemon nobody needs ends by itself and leaves no socket', async () => {
  const here = world()
  const { exited } = await here.start({ REMOTE_IDLE_SECONDS: '0.3' })
  expect(await exited).toBe(0)
  expect(existsSync(here.paths.socket)).toBe(false)
  expect(existsSync(`${here.paths.database}.open`)).toBe(false)
}, 20_000)

it('a home of 200 characters works', async () => {
  const short = world()
  const here = world({ env: { REMOTE_HOME: join(short.paths.data, 'x'.repeat(200)) } })
  expect((await here.start()).answer).toMatchObject({ ready: true })
  const { id } = await here.dispatch('true')
  sessions.push(id)
  await expect.poll(async () => (await here.get(id)).outcome?.outcome, ended).toBe('succeeded')
}, 30_000)

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'a session goes on while the daemon is away after %s, and ends when it is back',
  async (signal) => {
    const here = world()
    const first = await here.start()
    const { id } = await here.dispatch('sleep 1; exit 7')
    sessions.push(id)
    await expect.poll(async () => (await here.get(id)).state, ended).toBe('running')
    const pid = runnerPid(here, id)
    process.kill(first.pid, signal)
    await first.exited
    expect(() => process.kill(pid, 0)).not.toThrow()
    await here.start()
    await expect.poll(async () => (await here.get(id)).outcome, ended).toMatchObject({ outcome: 'failed', exitCode: 7 })
    expect((await here.get(id)).attempts).toHaveLength(1)
  },
  60_000,
)

it('a call ends it gracefully, and the next one starts where it was', async () => {
  const here = world()
  const { exited } = await here.start()
  const { id } = await here.dispatch('true')
  sessions.push(id)
  await expect.poll(async () => (await here.get(id)).state, ended).toBe('ended')
  await here.call('POST', '/v1/daemon/stop')
  expect(await exited).toBe(0)
  await here.start()
  expect(await here.get(id)).toMatchObject({ id, state: 'ended' })
}, 30_000)

it('a killed runner is noticed at once: its session ends as lost and nothing of it is left', async () => {
  const here = world()
  await here.start()
  const { id } = await here.dispatch('setsid sleep 600 & sleep 600')
  sessions.push(id)
  await expect.poll(async () => (await here.get(id)).state, ended).toBe('running')
  const since = performance.now()
  process.kill(runnerPid(here, id), 'SIGKILL')
  await expect.poll(async () => (await here.get(id)).outcome, ended).toMatchObject({ outcome: 'lost' })
  expect(performance.now() - since).toBeLessThan(5000)
}, 60_000)

it('a runner that was killed while no daemon ran is found out at the next start', async () => {
  const here = world()
  const first = await here.start()
  const { id } = await here.dispatch('sleep 600')
  sessions.push(id)
  await expect.poll(async () => (await here.get(id)).state, ended).toBe('running')
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  process.kill(runnerPid(here, id), 'SIGKILL')
  await here.start()
  await expect.poll(async () => (await here.get(id)).outcome, ended).toMatchObject({ outcome: 'lost' })
}, 60_000)
