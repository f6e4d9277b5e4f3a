import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSandbox, type Sandbox } from '../../../agent-bootstrap/sandbox.ts'
import { sandboxAvailable } from '../../../agent-bootstrap/sandbox-available.ts'
import { at, places, plantWorld, removeWorld, run, sh } from '../../support/sandbox-world.ts'

beforeAll(plantWorld)
afterAll(removeWorld)

const sandboxed = await sandboxAvailable()
if (!sandboxed.ok) console.warn(`not proved: the sandbox (${sandboxed.why})`)

describe.runIf(sandboxed.ok || process.env['CI'])('inside the sandbox', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox({ ...places(), wanted: true })
    expect(sandbox.kind).toBe('sandbox')
  })

  it.each([
    ...[
      'home/.ssh/id_ed25519',
      'home/.aws/credentials',
      'home/.mozilla/firefox/logins.json',
      'home/.local/share/keyrings/login.keyring',
    ],
    ...['home/.npmrc', 'home/.pypirc', 'home/.m2/settings.xml', 'home/.gem/credentials', 'home/.cargo/credentials'],
    ...['home/.config/containers/auth.json', 'home/.Xauthority', 'home/.ICEauthority'],
    ...['cache/repositories/another.git/HEAD', 'state/daemon.log'],
    ...[
      'data/remote.db',
      'data/secrets.json',
      'data/sessions/s-2/work/other.txt',
      'data/sessions/s-1/log/1/000000000001',
      'run/other',
    ],
  ])('%s cannot be read', async (path) => {
    const ran = await run(sandbox, 'cat', [at(path)])
    expect(ran.code).not.toBe(0)
    expect(ran.stdout.toString()).toBe('')
  })

  it.each(['data/sessions/s-1/work/mine.txt', 'home/.gitconfig', 'data/agents/some-agent/bin', 'cache/repositories/r.git/HEAD'])(
    '%s can be read',
    async (path) => {
      expect((await run(sandbox, 'cat', [at(path)])).code).toBe(0)
    },
  )

  it.each(['home/planted', 'cache/repositories/r.git/planted', 'data/agents/planted', 'planted'])(
    'a write to %s is refused',
    async (path) => {
      const ran = await sh(sandbox, `echo x > '${at(path)}'`)
      expect(ran.code).not.toBe(0)
      expect(await readFile(at(path), 'utf8').catch(() => 'absent')).toBe('absent')
    },
  )

  it('a write to /etc is refused', async () => {
    expect((await sh(sandbox, 'echo x > /etc/remote-planted')).code).not.toBe(0)
    expect(await readFile('/etc/remote-planted', 'utf8').catch(() => 'absent')).toBe('absent')
  })

  it('a write beside the work directory does not reach the session', async () => {
    await sh(sandbox, 'echo x > ../planted; echo x > ../../planted')
    expect(await readFile(at('data/sessions/s-1/planted'), 'utf8').catch(() => 'absent')).toBe('absent')
    expect(await readFile(at('data/sessions/planted'), 'utf8').catch(() => 'absent')).toBe('absent')
  })

  it('work directory, private directory, tool caches and a /tmp of its own can be written', async () => {
    const ran = await sh(
      sandbox,
      `echo w > made && echo p > '${places().privateDir}/made' && echo c > "$npm_config_cache-x" && echo t > /tmp/remote-own && cat /tmp/remote-own`,
    )
    expect(ran.stderr.toString()).toBe('')
    expect(ran.stdout.toString()).toBe('t\n')
    expect(await readFile(at('data/sessions/s-1/work/made'), 'utf8')).toBe('w\n')
    expect(await readFile(at('data/sessions/s-1/agent/made'), 'utf8')).toBe('p\n')
    if (process.platform === 'linux') expect(await readFile('/tmp/remote-own', 'utf8').catch(() => 'absent')).toBe('absent')
  })

  it('git works in the checkout, its hooks and settings included', async () => {
    const ran = await sh(
      sandbox,
      'git init -q repo && cd repo && git config a.b c && echo x > .git/hooks/post-commit && git -c user.email=a@b commit -q --allow-empty -m x && git log --format=%an',
    )
    expect(ran.stdout.toString()).toBe('Readable\n')
  })

  it('the daemon’s socket cannot be reached', async () => {
    const server = createServer().listen(places().socket)
    await new Promise((resolve) => server.once('listening', resolve))
    const script = `require('net').connect(${JSON.stringify(places().socket)}).on('connect', () => process.exit(0)).on('error', () => process.exit(9))`
    const ran = await run(sandbox, process.execPath, ['-e', script])
    await new Promise((resolve) => server.close(resolve))
    expect(ran.code).toBe(9)
  })

  it('loopback servers outside can be reached', async () => {
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const ran = await run(sandbox, process.execPath, ['-e', `require('net').connect(${port}, '127.0.0.1').pipe(process.stdout)`])
    server.close()
    expect(ran.stdout.toString()).toBe('hello')
  })

  it('variables that lead to key agents are gone, others stay', async () => {
    const ran = await run(sandbox, 'env', [], { env: { SSH_AUTH_SOCK: '/x', DBUS_SESSION_BUS_ADDRESS: 'x', MINE: 'yes' } })
    expect(ran.stdout.toString()).toContain('MINE=yes')
    expect(ran.stdout.toString()).not.toMatch(/SSH_AUTH_SOCK|DBUS_SESSION/)
  })

  it('bytes on both streams and words of the command line arrive as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256))
    const ran = await run(
      sandbox,
      process.execPath,
      [
        '-e',
        'process.stderr.write(JSON.stringify(process.argv.slice(1))); process.stdin.pipe(process.stdout)',
        '--',
        "it's",
        'a "b"\n$c `d`',
        '',
      ],
      { input: bytes },
    )
    expect(ran.stdout.equals(bytes)).toBe(true)
    expect(JSON.parse(ran.stderr.toString())).toEqual(["it's", 'a "b"\n$c `d`', ''])
  })

  it('the exit code is the command’s, 128 + n after a signal', async () => {
    expect((await sh(sandbox, 'exit 37')).code).toBe(37)
    expect((await sh(sandbox, 'kill -TERM $$')).code).toBe(143)
  })
})
