import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../../cli/version.ts'
import { type RunOptions, runMain } from '../support/run-main.ts'
import { World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const run = (argv: string[], options: Partial<RunOptions> = {}) => runMain(argv, { env: world.env, cwd: world.home, ...options })
const about = async () => (await world.api<{ pid: number; activeSessions: number }>('GET', '/about')).body

describe('serve', () => {
  it('starts, replaces and ends the daemon; sessions go on meanwhile', async () => {
    expect(await run(['serve', '--stop'])).toMatchObject({ code: 0, err: 'no daemon was running\n' })
    expect(await run(['serve'])).toMatchObject({ code: 0, err: expect.stringContaining('the daemon is running') })
    const { pid } = await about()
    const session = await world.shell('echo before; sleep 2; echo after')
    expect(await run(['serve', '--restart'])).toMatchObject({ code: 0, err: expect.stringContaining('1 session goes on') })
    expect((await about()).pid).not.toBe(pid)
    expect(await run(['attach', session.id, '--quiet'])).toEqual({ code: 0, out: 'before\nafter\n', err: '' })
    expect(await run(['serve', '--stop', '--json'])).toMatchObject({ code: 0 })
    await expect(about()).rejects.toThrow()
  })

  it('takes one of its flags at a time', async () => {
    expect(await run(['serve', '--stop', '--restart'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('do not go together'),
    })
  })
})

describe('without a home', () => {
  it('nothing is put into the directory one stands in', async () => {
    const cwd = join(world.dir, 'nowhere-in-particular')
    mkdirSync(cwd)
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../../dist/remote.cjs'), 'catalogue'], {
      cwd,
      env: { PATH: world.env['PATH'] },
    })
    expect(status).toBe(0)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('what is constant', () => {
  const built = join(import.meta.dirname, '../../dist/remote.cjs')
  const sh = (script: string, argument: string) =>
    spawnSync('sh', ['-c', script, 'sh', process.execPath, built, argument], { cwd: world.dir, env: world.env, encoding: 'utf8' })

  it.each(['--version', '--help'])('%s ends as anything else does when nobody reads it', (argument) => {
    // The only reader goes before anything is written.
    const closed = 'rm -f pipe; mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; exec "$1" "$2" "$3" >&4'
    expect(sh(closed, argument)).toMatchObject({ status: 141, stderr: '' })
  })

  it.skipIf(!existsSync('/dev/full'))('is told when it cannot be written', () => {
    const { status, stderr } = sh('exec "$1" "$2" "$3" >/dev/full', '--version')
    expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringMatching(/^remote: the output could not be written/) })
  })
})

describe('version', () => {
  it('is printed without starting anything', async () => {
    await run(['serve', '--stop'])
    expect(await run(['version'])).toEqual({ code: 0, out: `${version()}\n`, err: '' })
    expect(JSON.parse((await run(['version', '--json'])).out)).toEqual({
      version: version(),
      node: process.versions.node,
      daemon: null,
    })
    await expect(about()).rejects.toThrow()
  })
})

describe('config', () => {
  it('keeps settings in the own file, and says where each comes from', async () => {
    expect(await run(['config', 'set', 'ttl', '2h'])).toMatchObject({ code: 0 })
    expect(await run(['config', 'get', 'ttl'])).toEqual({ code: 0, out: '2h\n', err: '' })
    const rows = JSON.parse((await run(['config', 'list', '--json'], { env: { ...world.env, REMOTE_AGENT: 'codex' } })).out)
    expect(rows).toContainEqual({ key: 'ttl', value: 7200, origin: join(world.paths.config, 'config.toml') })
    expect(rows).toContainEqual({ key: 'agent', value: 'codex', origin: 'REMOTE_AGENT' })
    await run(['config', 'set', 'ttl', ''])
    expect(await run(['config', 'get', 'ttl'])).toEqual({ code: 1, out: '', err: '' })
  })

  it.each([
    [['set', 'tll', '1h'], 'did you mean ttl?'],
    [['get', 'nonsense'], 'known: '],
    [['set', 'ttl', 'soon'], 'durations are'],
    [['set', 'approve', 'maybe'], 'auto, ask, deny'],
  ])('config %j is refused with what is accepted', async (words, says) => {
    expect(await run(['config', ...words])).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) })
  })
})

describe('doctor', () => {
  it('tries what sessions need, and says what is missing', async () => {
    const { code, out } = await run(['doctor', '--json'], { env: { ...world.env, ANTHROPIC_API_KEY: 'sk-of-a-test-12345' } })
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; says: string }[] }
    expect(code).toBe(0)
    const state = Object.fromEntries(checks.map(({ name, state }) => [name, state]))
    expect(state).toMatchObject({
      node: 'ok',
      git: 'ok',
      daemon: 'ok',
      disk: 'ok',
      storage: 'ok',
      privacy: 'ok',
      'agent claude': 'ok',
      'agent codex': 'warn',
    })
    expect(out).not.toContain('sk-of-a-test')
  })

  it('fails when something keeps sessions from running', async () => {
    const nothing = join(world.dir, 'nothing')
    mkdirSync(nothing)
    const without = await run(['doctor'], { env: { ...world.env, PATH: nothing } })
    expect(without).toMatchObject({ code: 1, out: expect.stringContaining('✗ git') })
    chmodSync(world.paths.data, 0o755)
    expect(await run(['doctor'])).toMatchObject({ code: 1, out: expect.stringContaining(`others can read ${world.paths.data}`) })
    chmodSync(world.paths.data, 0o700)
  })

  it('shows a daemon that cannot start, and why', async () => {
    const other = new World()
    mkdirSync(other.paths.data, { recursive: true, mode: 0o700 })
    writeFileSync(other.paths.database, 'this is not a database, however long it may be '.repeat(100))
    const { code, out } = await runMain(['doctor'], { env: other.env, cwd: other.home })
    expect([code, out]).toEqual([1, expect.stringMatching(/✗ daemon/)])
    const status = await runMain(['status'], { env: other.env, cwd: other.home })
    expect(status).toMatchObject({ code: 74, out: '', err: expect.stringContaining(other.paths.database) })
    expect(status.err).not.toContain('    at ')
    await other.close()
  })
})

describe('completion', () => {
  const complete = (line: string): string[] => {
    const words = line.split(' ')
    const script = `source <(remote completion bash); COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _remote; printf '%s\\n' "\${COMPREPLY[@]}"`
    const bin = join(world.dir, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(
      join(bin, 'remote'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, '../../dist/remote.cjs')}' "$@"\n`,
      { mode: 0o755 },
    )
    const { stdout, stderr } = spawnSync('bash', ['-c', script], {
      env: { ...world.env, PATH: `${bin}:${world.env['PATH']}` },
      encoding: 'utf8',
    })
    if (stderr !== '') throw new Error(stderr)
    return stdout.split('\n').filter(Boolean)
  }

  it('completes verbs, flags, ids and names in bash, for both spellings', async () => {
    await run(['workspace', 'create', 'alpha'])
    const session = await world.shell('true')
    expect(complete('remote att')).toEqual(['attach'])
    expect(complete(`remote attach ${session.id.slice(0, 5)}`)).toContain(session.id)
    expect(complete('remote dispatch --workspace a')).toEqual(['alpha'])
    expect(complete('remote.workspace.show a')).toEqual(['alpha'])
    expect(complete('remote workspace del')).toEqual(['delete'])
  })

  it.each([
    ['bash', ['bash', '-n']],
    ['zsh', ['zsh', '-n']],
    ['fish', ['fish', '--no-execute']],
  ])('the script for %s is one that it reads', async (shell, [program = '', ...args]) => {
    const { out } = await run(['completion', shell])
    expect(out).toContain('remote __complete --')
    const read = spawnSync(program, args, { input: out, encoding: 'utf8' })
    // Where that shell is not installed there is nobody to ask.
    if (!read.error) expect([read.status, read.stderr]).toEqual([0, ''])
  })
})
