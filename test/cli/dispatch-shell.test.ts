import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const shell = (task: string, ...flags: string[]) => world.cli(['dispatch', '--agent', 'shell', '--no-repo', ...flags, task])

it('what a command writes to each stream arrives there byte for byte, and nothing of ours with --quiet', async () => {
  const bytes = `printf '\\000\\377\\r\\nno newline'; printf '\\376err' >&2`
  const { stdout, stderr, code } = await world.cli(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', bytes])
  expect(code).toBe(0)
  expect(stdout.toString('latin1')).toBe('\0\xff\r\nno newline')
  expect(Buffer.from(stderr, 'utf8').toString('utf8')).toBe('\ufffderr')
})

it('the exit code is the command’s own, and 128 + n for a signal', async () => {
  const codes = await Promise.all([shell('exit 7'), shell('true'), shell('kill -TERM $$')])
  expect(codes.map(({ code }) => code)).toEqual([7, 0, 143])
})

it('a command that begins with a dash is a command', async () => {
  const { code, stderr } = await world.cli(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', '--', '--no-such-program'])
  expect(stderr).toContain('--no-such-program: not found')
  expect(code).toBe(127)
})

it('a receipt is said on stderr, never on stdout', async () => {
  const { out, stderr } = await shell('echo data')
  expect(out).toBe('data\n')
  expect(stderr).toMatch(/✓ s-\w{10} succeeded · \d+s · \$0\.00/)
})

it('--detach returns the id at once, with --json the record that the API returns', async () => {
  const plain = await shell('true', '--detach', '--quiet')
  expect(plain.out).toMatch(/^s-\w{10}\n$/)
  const record = JSON.parse((await shell('true', '--detach', '--json')).out) as Session
  expect(record).toMatchObject({ title: 'true', request: { agent: 'shell', runtime: 'local' } })
})

it('--json without --detach prints the final record alone on stdout', async () => {
  const { out, stderr, code } = await shell('echo data; exit 3', '--json')
  expect(JSON.parse(out)).toMatchObject({ state: 'ended', outcome: { outcome: 'failed', exitCode: 3 } })
  expect(stderr).toContain('data')
  expect(code).toBe(3)
})

it('the environment of a session is that of the caller, as far as it is allowed', async () => {
  const env = { TZ: 'Asia/Tokyo', PRIVATE_THING: 'private-value-123', ANTHROPIC_API_KEY: 'sk-ant-not-for-shells' }
  const { out } = await world.cli(['dispatch', '--agent', 'shell', '--no-repo', '--env', 'MINE=1', 'env'], { env })
  expect(out).toContain('TZ=Asia/Tokyo\n')
  expect(out).toContain('MINE=1\n')
  expect(out).not.toContain('private-value-123')
  expect(out).not.toContain('sk-ant-not-for-shells')
})

it('a task is read from stdin with -', async () => {
  const { out } = await world.cli(['dispatch', '--agent', 'shell', '--no-repo', '-'], { stdin: 'echo from stdin\n' })
  expect(out).toBe('from stdin\n')
})

it('ttl ends a session with 124', async () => {
  const { code, stderr } = await shell('sleep 60', '--ttl', '1s')
  expect(code).toBe(124)
  expect(stderr).toContain('expired')
})
