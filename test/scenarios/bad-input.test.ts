import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { paths } from '../../local/paths.ts'
import { type CliResult, World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'
import { expectRefusal } from './expect-refusal.ts'
import { SHELL } from './person.ts'

let world: World
let going: Session
beforeAll(async () => {
  world = new World()
  await world.startDaemon()
  going = await world.shell('echo begun; sleep 300', { sandbox: 'off' })
  await until('the session runs', () => (world.output(going.id).includes('begun') ? true : undefined))
})
afterAll(() => world.close())

const program = fileURLToPath(new URL('../../dist/remote.cjs', import.meta.url))

/** What is so on this computer alone; the rest is in refusal-scenarios.ts. */
describe('a session goes on through', () => {
  it.each<[string, string[], number, RegExp]>([
    ['the runtime cloud, of which nothing is known here', [...SHELL, 'x', '--on', 'cloud'], 2, /AWS region/],
    ['a shell that is none of ours', ['completion', 'tcsh'], 2, /`tcsh` is not one of bash, zsh, fish/],
  ])('%s', async (_, args, exit, says) => {
    expectRefusal(await world.cli(args), exit, says)
  })

  it('a suggestion for what was mistyped', async () => {
    expect((await world.cli(['dispacth', 'x'])).stderr).toContain('did you mean `remote dispatch`?')
    expect((await world.cli([...SHELL, 'x', '--detatch'])).stderr).toContain('did you mean --detach?')
  })

  it('and afterwards it is still the only one', async () => {
    const { body } = await world.api<{ sessions: Session[] }>('GET', '/sessions?all=1&limit=1000')
    expect(body.sessions.map(({ id, state }) => ({ id, state }))).toEqual([{ id: going.id, state: 'running' }])
    expect(world.runnerPids()).toHaveLength(1)
  })
})

it('without a repository, the setup of the one around has nothing to prepare and is not run', async () => {
  const dir = world.repository({ 'remote.toml': '[setup]\ncommands = ["exit 3"]\n' })
  const { code, out } = await world.cli([...SHELL, 'echo alone'], { cwd: dir })
  expect({ code, out }).toEqual({ code: 0, out: 'alone\n' })
})

it('a branch without a commit is sent as it lies there', async () => {
  const dir = join(world.dir, 'unborn-with-a-file')
  mkdirSync(dir)
  world.git(dir, 'init', '-q')
  writeFileSync(join(dir, 'first.txt'), 'not committed\n')
  const { code, out } = await world.cli(['dispatch', '--agent', 'shell', 'cat first.txt'], { cwd: dir })
  expect({ code, out }).toEqual({ code: 0, out: 'not committed\n' })
})

it('a prefix that fits several sessions is refused with them; nothing is ended', async () => {
  const ids = [going.id]
  // Of 33 ids two begin with the same character.
  const twice = () => ids.map((id) => id.slice(0, 3)).find((prefix, index, all) => all.indexOf(prefix) !== index)
  while (twice() === undefined) ids.push((await world.shell('true')).id)
  const result = await world.cli(['terminate', twice() ?? ''])
  expectRefusal(result, 3, /could be s-\w{10}, s-\w{10}/)
  expect(await world.session(going.id)).not.toHaveProperty('stop')
})

it('a socket left by a killed daemon is replaced; its sessions are found again', async () => {
  await world.killDaemon('SIGKILL')
  expect(lstatSync(world.paths.socket).isSocket()).toBe(true)
  const { code, out } = await world.cli(['status', going.id, '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ id: going.id, state: 'running' })
  expect(world.runnerPids(going.id)).toHaveLength(1)
})

it('a file where the socket should be is not removed', async () => {
  const home = join(world.dir, 'blocked')
  const { run, socket } = paths({ REMOTE_HOME: home })
  mkdirSync(run, { recursive: true, mode: 0o700 })
  writeFileSync(socket, 'mine')
  expectRefusal(await world.cli(['status'], { env: { REMOTE_HOME: home } }), 5, /remote\.sock is not a socket of yours/)
  expect(readFileSync(socket, 'utf8')).toBe('mine')
})

const isRoot = process.getuid?.() === 0

// Only root can give a directory away; `.ci/run` is root.
describe.runIf(isRoot)('what belongs to somebody else', () => {
  const OTHER = 65_534

  it.each([
    ['the directory of the socket', (socket: string) => dirname(socket)],
    ['the socket', (socket: string) => socket],
  ])('%s is not used', async (_, pick) => {
    const home = join(world.dir, `foreign-${Math.random().toString(36).slice(2)}`)
    const env = { REMOTE_HOME: home }
    const { socket } = paths(env)
    mkdirSync(dirname(socket), { recursive: true, mode: 0o700 })
    writeFileSync(socket, '')
    chownSync(pick(socket), OTHER, OTHER)
    expectRefusal(await world.cli([...SHELL, 'echo no'], { env }), 5, /belongs to somebody else/)
    expect(existsSync(join(home, 'data', 'remote.db'))).toBe(false)
  })
})

it('a corrupt database is named and left as it is; no daemon stays', async () => {
  const env = { REMOTE_HOME: join(world.dir, 'corrupt') }
  const { database } = paths(env)
  mkdirSync(dirname(database), { recursive: true, mode: 0o700 })
  const content = 'no database, and longer than the header of one. '.repeat(200)
  writeFileSync(database, content)
  chmodSync(database, 0o600)
  expectRefusal(await world.cli([...SHELL, 'echo no'], { env }), 74, /remote\.db/)
  expect(readFileSync(database, 'utf8')).toBe(content)
  expect(existsSync(paths(env).socket)).toBe(false)
})

it('a REMOTE_HOME of 200 characters keeps everything in it but the socket, which is private', async () => {
  const home = join(world.dir, 'x'.repeat(90), 'y').padEnd(200, 'y')
  const env = { ...world.env, REMOTE_HOME: home }
  expect(home).toHaveLength(200)
  const { socket, run, database } = paths(env)
  const { code, out } = await world.cli([...SHELL, 'echo far'], { env })
  expect({ code, out }).toEqual({ code: 0, out: 'far\n' })
  expect(existsSync(database)).toBe(true)
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100)
  expect(lstatSync(run).mode & 0o777).toBe(0o700)
  expect((await world.cli(['serve', '--stop'], { env })).code).toBe(0)
})

it('a plan does not make up a size of this machine', async () => {
  const { out } = await world.cli(['plan', 'run the tests'])
  expect(out).toMatch(/this machine +local +– +– +free/)
})

it('a REMOTE_HOME that depends on where one stands is refused', async () => {
  const dir = join(world.dir, 'relative')
  mkdirSync(dir)
  expectRefusal(await world.cli(['status'], { cwd: dir, env: { REMOTE_HOME: 'here' } }), 2, /not an absolute path: here/)
  expect(readdirSync(dir)).toEqual([])
})

describe('a directory that is gone', () => {
  const line = `rmdir "$PWD"; exec "${process.execPath}" "${program}" "$@"`
  const run = (...args: string[]): CliResult => {
    const dir = join(world.dir, 'gone')
    mkdirSync(dir)
    const { status, stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', ...args], { cwd: dir, env: world.env })
    return { code: status, stdout, out: stdout.toString(), stderr: stderr.toString() }
  }

  it.each([[['dispatch', '--agent', 'shell', 'true']], [['pull', 'SESSION']], [['config', 'get', 'ttl']]])(
    'is named: %j',
    (args) => {
      const words = args.map((word) => (word === 'SESSION' ? going.id : word))
      expectRefusal(run(...words), 5, /the directory you are in is gone: .*gone/)
    },
  )

  it.each([[['status']], [['logs', 'SESSION']], [['version']], [['help']]])('keeps nobody from %j', (args) => {
    const words = args.map((word) => (word === 'SESSION' ? going.id : word))
    expect(run(...words)).toMatchObject({ code: 0, stderr: '' })
  })
})

it.each(['pull', 'diff'])('%s outside of a repository says where to go', async (verb) => {
  const dispatched = ['dispatch', '--agent', 'shell', '--quiet', '--detach', 'echo new > new.txt']
  const id = (await world.cli(dispatched, { cwd: world.repository() })).out.trim()
  await world.ended(id)
  const answer = await world.cli([verb, id])
  expectRefusal(answer, 6, /not in a git repository/)
  expect(answer.stderr).toMatch(/dispatched from, or name it with --repo PATH/)
})

it.each([['/proc/nope'], ['/proc/1'], ['/sys/nope'], ['/dev/null/x']])(
  'a home that cannot be made in %s is refused at once',
  async (home) => {
    const began = performance.now()
    const answer = await world.cli(['status'], { env: { REMOTE_HOME: home, NODE_COMPILE_CACHE: '' } })
    expectRefusal(answer, 5, new RegExp(home))
    expect(answer.stderr).toContain('REMOTE_HOME')
    expect(performance.now() - began).toBeLessThan(8000)
    expectRefusal(await world.cli(['config', 'set', 'ttl', '1h'], { env: { REMOTE_HOME: home } }), 5, new RegExp(home))
  },
)

it('a terminated session leaves nothing running', async () => {
  expect((await world.cli(['terminate', going.id, '--now', '--wait'])).code).toBe(0)
  expect(await world.ended(going.id)).toMatchObject({ outcome: { outcome: 'terminated' } })
  expect(world.running()).toEqual([])
})
