import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cloneAddress } from '../../cli/clone-credentials.ts'
import { cloneUrl } from '../../cli/clone-url.ts'
import { World } from '../support/world.ts'
import { testIo } from './test-io.ts'

const TOKEN = 'tok%2Fen-of-somebody'
const DECODED = 'tok/en-of-somebody'

let world: World
let server: Server
let origin = ''
const asked: string[] = []

/** git's own server behind a password. */
const serve = (root: string) =>
  createServer((request, response) => {
    const { authorization = '', ...headers } = request.headers
    asked.push(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString())
    if (asked.at(-1) !== `ada:${DECODED}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      return
    }
    const { pathname, search } = new URL(request.url ?? '/', 'http://x')
    const env = {
      ...world.env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    }
    const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    request.pipe(backend.stdin)
    const parts: Buffer[] = []
    backend.stdout.on('data', (part: Buffer) => parts.push(part))
    backend.on('close', () => {
      const all = Buffer.concat(parts)
      const end = all.indexOf('\r\n\r\n')
      for (const line of all.subarray(0, end).toString().split('\r\n')) {
        const [name = '', value = ''] = line.split(': ')
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.end(all.subarray(end + 4))
    })
  })

beforeAll(async () => {
  world = new World()
  const dir = world.repository({ 'a.txt': 'one\n' })
  mkdirSync(join(world.dir, 'served'))
  origin = join(world.dir, 'served', 'x.git')
  world.git(dir, 'clone', '-q', '--bare', dir, origin)
  server = serve(dirname(origin))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await world.close()
})

const clone = (url: string, env: Record<string, string> = {}) => {
  const { io, printed } = testIo({ env: { ...world.env, GIT_TERMINAL_PROMPT: '0', ...env }, home: world.home })
  return { printed, dir: cloneUrl({ io, url, cache: world.paths.cache, quiet: false }) }
}
const place = () => `127.0.0.1:${(server.address() as AddressInfo).port}/x.git`

it('a password of an address reaches git, and no disk', async () => {
  const { dir } = clone(`http://ada:${TOKEN}@${place()}`)
  const bare = await dir
  expect(asked).toContain(`ada:${DECODED}`)
  for (const secret of [TOKEN, DECODED]) expect(() => execFileSync('grep', ['-rq', secret, world.paths.cache])).toThrow()
  expect(world.git(bare, 'config', 'remote.origin.url').trim()).toBe(`http://${place()}`)
  expect(await clone(`http://ada:${TOKEN}@${place()}`).dir).toBe(bare)
})

it('a wrong one is in no message', async () => {
  const { dir, printed } = clone(`http://ada:wrong-token@${place()}`)
  const error: unknown = await dir.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'repository', message: `http://${place()} could not be fetched` })
  expect(printed.err).not.toContain('wrong-token')
})

it('the default branch is the one of the other side, also when it changes', async () => {
  const url = `http://ada:${TOKEN}@${place()}`
  expect(world.git(await clone(url).dir, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main\n')
  world.git(origin, 'branch', 'trunk', 'main')
  world.git(origin, 'symbolic-ref', 'HEAD', 'refs/heads/trunk')
  expect(world.git(await clone(url).dir, 'symbolic-ref', 'HEAD')).toBe('refs/heads/trunk\n')
  const commit = world.git(origin, 'rev-parse', 'HEAD').trim()
  world.git(origin, 'update-ref', '--no-deref', 'HEAD', commit)
  expect(world.git(await clone(url).dir, 'rev-parse', 'HEAD').trim()).toBe(commit)
})

it('locks of a git that was killed are in nobody’s way; those of one at work are respected', async () => {
  const url = `http://ada:${TOKEN}@${place()}`
  const dir = await clone(url).dir
  const locks = ['HEAD.lock', 'packed-refs.lock', 'refs/heads/main.lock'].map((name) => join(dir, name))
  world.git(origin, 'update-ref', 'HEAD', world.git(origin, 'commit-tree', '-p', 'HEAD', '-m', 'more', 'HEAD^{tree}').trim())
  world.git(origin, 'branch', '-f', 'main', 'HEAD')
  for (const lock of locks) writeFileSync(lock, '')
  await expect(clone(url).dir).rejects.toMatchObject({ code: 'repository', hint: expect.stringContaining('stands above') })
  const before = new Date(Date.now() - 120_000)
  for (const lock of locks) utimesSync(lock, before, before)
  expect(world.git(await clone(url).dir, 'rev-parse', 'main')).toBe(world.git(origin, 'rev-parse', 'main'))
})

it('the git that called us keeps its own repository', async () => {
  const own = world.repository({ 'own.txt': 'mine\n' })
  world.git(own, 'branch', 'precious')
  const url = `http://ada:${TOKEN}@${place()}`
  await clone(url).dir
  await clone(url, { GIT_DIR: join(own, '.git') }).dir
  expect(world.git(own, 'branch', '--list', 'precious')).toContain('precious')
})

it('addresses are taken apart as git does', () => {
  expect(cloneAddress('https://host/x.git', {})).toEqual({ url: 'https://host/x.git', env: {} })
  expect(cloneAddress('git@host:x.git', {})).toEqual({ url: 'git@host:x.git', env: {} })
  expect(cloneAddress('ssh://git@host/x.git', {})).toEqual({ url: 'ssh://git@host/x.git', env: {} })
  expect(cloneAddress('https://token@host/x.git', { GIT_CONFIG_COUNT: '2' })).toEqual({
    url: 'https://host/x.git',
    env: { GIT_CONFIG_COUNT: '3', GIT_CONFIG_KEY_2: 'credential.https://host.username', GIT_CONFIG_VALUE_2: 'token' },
  })
})
