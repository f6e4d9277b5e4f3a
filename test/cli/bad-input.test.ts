import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const SHELL = ['dispatch', '--agent', 'shell', '--no-repo']

/** Every refusal: its exit code, what it says, and what it says to do next. */
const REFUSALS: readonly [name: string, args: string[], code: number, says: RegExp, hint: RegExp][] = [
  ['a mistyped verb', ['statsu'], 2, /no verb `statsu`/, /did you mean `remote status`\?/],
  ['a mistyped second word', ['workspace', 'craete'], 2, /no verb `workspace craete`/, /remote workspace create/],
  ['a mistyped flag', ['dispatch', '--agnet', 'shell', 'x'], 2, /`--agnet` is not a flag/, /--agent/],
  ['a flag without its value', [...SHELL, 'x', '--ttl'], 2, /--ttl needs a value/, /--ttl D/],
  ['no task', ['dispatch'], 2, /dispatch needs TASK/, /for example/],
  ['an empty task', [...SHELL, ' '], 2, /the task is empty/, /quotes/],
  ['a word too many', ['attach', 's-1', 's-2'], 2, /one word too many/, /--help/],
  ['a bad duration', [...SHELL, 'x', '--ttl', '5 minutes'], 2, /--ttl: `5 minutes` is not a duration/, /90s, 30m, 4h, 2d/],
  ['a duration of nothing', [...SHELL, 'x', '--ttl', '0s'], 2, /is not a duration/, /90s/],
  ['a bad size', ['workspace', 'create', '--name', 'a', '--size', 'big'], 2, /--size: `big` is not a size/, /100gb/],
  ['bad money', [...SHELL, 'x', '--max-cost', '-1'], 2, /--max-cost/, /.+/],
  ['a repository and none', [...SHELL, 'x', '--ref', 'HEAD'], 2, /--ref is about a repository/, /one of them/],
  ['a bad choice', [...SHELL, 'x', '--approve', 'aks'], 2, /not one of auto, ask, deny/, /did you mean ask\?/],
  ['a bad variable', [...SHELL, 'x', '--env', '1=2'], 2, /--env: `1`/, /CI=1/],
  ['a runtime there is not', [...SHELL, 'x', '--on', 'locla'], 2, /`locla` is not a runtime/, /did you mean local\?/],
  ['a runtime of another version', [...SHELL, 'x', '--on', 'ssh:host'], 5, /not on ssh:host/, /--on local/],
  ['a cloud that is nowhere', [...SHELL, 'x', '--on', 'cloud'], 2, /no AWS region is set/, /cloud use --region/],
  ['a verb of another version', ['hosts', 'list'], 5, /does not bring `hosts`/, /--on local/],
  ['an agent there is not', ['dispatch', '--no-repo', '--agent', 'cloude', 'x'], 5, /no agent cloude/, /claude/],
  ['a type on this machine', [...SHELL, 'x', '--instance', 'm6i.large'], 5, /no instance types/, /--instance/],
  ['a type there is not', [...SHELL, 'x', '--instance', 'q9.huge'], 5, /no instance type q9\.huge/, /nearest: /],
  ['a workspace there is not', [...SHELL, 'x', '--workspace', 'nowhere'], 5, /no workspace nowhere/, /workspace create/],
  ['a secret there is not', [...SHELL, 'x', '--secret', 'NOTHING'], 5, /NOTHING/, /secrets set NOTHING/],
  ['an id there is not', ['attach', 's-0000000000'], 3, /no session s-0000000000/, /status --all/],
  ['what is no id', ['logs', 'UPPER!'], 3, /no session UPPER!/, /status --all/],
  ['a bad position', ['logs', 's-0000000000', '--from', '1.x'], 3, /no session/, /.+/],
  ['two things to send', ['send', 's-0', 'text', '--interrupt'], 2, /send takes one of/, /for example/],
]

it.for(REFUSALS)('%s is refused with a hint and no stack trace', async ([, args, code, says, hint]) => {
  const { code: exit, stderr, out } = await world.cli(args)
  const [first = '', ...more] = stderr.split('\n')
  expect(first).toMatch(says)
  expect(more.join('\n')).toMatch(hint)
  expect(stderr).not.toMatch(/\n\s+at |node:internal/)
  expect({ exit, out }).toEqual({ exit: code, out: '' })
})

it('a directory that is no repository is refused, and --no-repo named', async () => {
  const { code, stderr } = await world.cli(['dispatch', '--agent', 'shell', 'x'])
  expect(code).toBe(6)
  expect(stderr).toMatch(/is not in a git repository\n.*--no-repo/)
})

it('a task of a megabyte is refused before it is sent', async () => {
  const { code, stderr } = await world.cli([...SHELL, '-'], { stdin: 'x'.repeat(1024 * 1024) })
  expect(code).toBe(2)
  expect(stderr).toMatch(/longer than 256000 characters\n.*a file/)
})

it('an ambiguous prefix is refused with what it could be', async () => {
  const prefixes = new Set<string>()
  let first = ''
  // At the latest the 33rd begins like one before.
  for (let n = 0; n < 33 && first === ''; n++) {
    const prefix = (await world.shell('true')).id.slice(0, 3)
    if (prefixes.has(prefix)) first = prefix
    prefixes.add(prefix)
  }
  const { code, stderr } = await world.cli(['attach', first])
  expect(code).toBe(3)
  expect(stderr).toMatch(/could be s-\w{10}, s-\w{10}.*\n.*more of the id/)
})

it('a broken remote.toml is refused with its name', async () => {
  const dir = world.repository({ 'remote.toml': '[defaults]\ntll = "2h"\n' })
  const { code, stderr } = await world.cli(['dispatch', '--agent', 'shell', 'true'], { cwd: dir })
  expect(code).toBe(2)
  expect(stderr).toMatch(/remote\.toml: `tll` is not a setting\n.*did you mean ttl\?/)
})

it('errors are JSON on stderr with --json', async () => {
  const { stderr } = await world.cli(['attach', 's-0000000000', '--json'])
  expect(JSON.parse(stderr)).toMatchObject({ code: 'not_found', message: expect.any(String), hint: expect.any(String) })
})

it('a REMOTE_HOME of 200 characters works', async () => {
  const long = join(world.dir, 'x'.repeat(100), 'y'.repeat(100))
  const { out, code } = await world.cli([...SHELL, 'echo far'], { env: { REMOTE_HOME: long } })
  expect({ out, code }).toEqual({ out: 'far\n', code: 0 })
})

it('a corrupt database is said, and nothing of it is touched', async () => {
  const home = join(world.dir, 'corrupt')
  mkdirSync(join(home, 'data'), { recursive: true })
  writeFileSync(join(home, 'data', 'remote.db'), 'this is no database, and longer than a header of one: '.repeat(100))
  const { code, stderr } = await world.cli(['status'], { env: { REMOTE_HOME: home } })
  expect(code).toBe(74)
  expect(stderr).toMatch(/remote\.db/)
  expect(stderr).not.toMatch(/\n\s+at /)
})

it.each([
  ['shortened', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  ['removed', (file: string) => rmSync(file)],
])('a log of which a file was %s is told to be damaged, after what is left of it', async (_, damage) => {
  const { out } = await world.cli([...SHELL, '--json', 'for n in 1 2 3; do echo $n; sleep 0.3; done'])
  const { id } = JSON.parse(out) as { id: string }
  const log = join(world.paths.sessions, id, 'log', '1')
  const [file = ''] = readdirSync(log).filter((name) => /^\d+$/.test(name))
  damage(join(log, file))
  const { code, out: left, stderr } = await world.cli(['logs', id])
  expect([code, '1\n2\n3\n'.startsWith(left)]).toEqual([74, true])
  expect(stderr).toMatch(/the log of s-\w+ is damaged: of attempt 1 there is less than was recorded\n.*nothing else has the rest/)
})

it('a socket that nobody listens on any more is replaced', async () => {
  await world.cli(['status'])
  await world.killDaemon()
  const { code } = await world.cli(['status'])
  expect(code).toBe(0)
})

it.each([
  ['a task', ['dispatch', '--agent', 'shell', '--no-repo', '-'], 'echo a\0b', /the task has a NUL byte in it/],
  ['a task', ['dispatch', '--agent', 'shell', '--no-repo', '-'], Buffer.from([0x65, 0xff]), /the task is not UTF-8/],
  ['a secret', ['secrets', 'set', 'ODD'], 'long enough\0', /^remote: a secret is text/],
  ['a secret', ['secrets', 'set', 'ODD'], Buffer.from('ff00fe'.repeat(9), 'hex'), /^remote: a secret is text/],
])('%s on stdin that would not arrive as it is, is refused: %s', async (_what, args, stdin, says) => {
  const { code, stderr } = await world.cli(args, { stdin })
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(says) })
})
