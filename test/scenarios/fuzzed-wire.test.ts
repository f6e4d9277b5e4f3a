import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Session } from '../../core/contract/session.ts'
import { World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'

const CONNECTIONS = 150
const FRAMES_EACH = 25
const REQUESTS = 400
const SEED = 20_26

let world: World
let session: Session
let pid: number | undefined
beforeAll(async () => {
  world = new World()
  await world.startDaemon()
  pid = world.daemonPid()
  // It goes on through everything below, and ends when told to.
  session = await world.shell('echo begun; while [ ! -e "$HOME/go" ]; do sleep 0.1; done; echo gone on', { sandbox: 'off' })
  await until('the session runs', () => (world.output(session.id).includes('begun') ? true : undefined))
})
afterAll(() => world.close())

const expectService = async () => {
  expect(await world.api('GET', '/about')).toMatchObject({ status: 200, body: { pid } })
  expect(world.daemonPid()).toBe(pid)
  expect(await world.session(session.id)).toMatchObject({ state: 'running' })
  expect(world.runnerPids(session.id)).toHaveLength(1)
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', '%', '%00', '..', '../../etc/passwd', '__proto__', 's-', '-1', '1e999', 'NaN', '\u2028', 'x'.repeat(9000)),
)
const nearly = () =>
  fc.record(
    {
      type: fc.constantFrom('attach', 'watch-all', 'live', 'bell', 'watch', 'complete', '__proto__', ''),
      session: fc.oneof(fc.constant(session.id), hostile),
      from: fc.oneof(fc.record({ attempt: fc.integer(), seq: fc.integer() }), fc.anything({ maxDepth: 1 })),
      attempt: fc.oneof(fc.integer(), hostile),
      first: fc.double(),
      last: fc.oneof(fc.integer(), fc.constant(null)),
      records: hostile,
    },
    { requiredKeys: [] },
  )
const asText = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? 0 : part)) ?? 'undefined'
const frames = () =>
  fc.array(fc.oneof(nearly().map(asText), nearly().map(asText), fc.json(), hostile, fc.uint8Array({ maxLength: 300 })), {
    minLength: FRAMES_EACH,
    maxLength: FRAMES_EACH,
  })

it(`${CONNECTIONS * FRAMES_EACH} fuzzed frames, as viewer and as the runner itself, disturb nobody`, async () => {
  const roles = ['role=viewer', `role=runner&session=${session.id}&attempt=1`, `role=runner&session=${session.id}&attempt=9`]
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...roles), frames(), async (role, sent) => {
      const socket = new WebSocket(`ws+unix:${world.paths.socket}:/v1/socket?${role}`)
      const closed = once(socket, 'close', { signal: AbortSignal.timeout(20_000) }) as Promise<[number, Buffer]>
      await once(socket, 'open')
      for (const frame of sent) socket.send(frame)
      socket.close(1000)
      const [code, reason] = await closed
      // 1011 is a bug of ours, 1006 a connection that broke.
      expect([1000, 1005, 1007, 1008, 1009]).toContain(code)
      expect(reason.toString()).not.toMatch(/ at |node:|\.ts/)
    }),
    { numRuns: CONNECTIONS, seed: SEED, endOnFailure: true },
  )
  await expectService()
})

/** Sends the bytes as they are; answers every status line that comes back. */
const raw = async (bytes: Buffer): Promise<{ statuses: number[]; text: string }> => {
  const socket = connect(world.paths.socket)
  socket.on('error', () => undefined) // it may be cut while we still write
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(20_000) })
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.end(bytes)
  await closed
  const text = Buffer.concat(chunks).toString('latin1')
  return { statuses: [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status)), text }
}

const request = () => {
  const part = fc.oneof(
    hostile.map(encodeURIComponent),
    hostile,
    fc.constantFrom(
      'sessions',
      session.id,
      'log',
      '1',
      'inbox',
      'timeline',
      'explain',
      'resume',
      'socket',
      'bundles',
      'a'.repeat(64),
    ),
    fc.constantFrom('workspaces', 'secrets', 'runner', 'hello', 'renew', 'repositories', 'about', 'plan', 'openapi.json'),
  )
  const path = fc.array(part, { maxLength: 5 }).map((parts) => `/v1/${parts.join('/')}`)
  const header = fc.tuple(
    fc.constantFrom('content-type', 'idempotency-key', 'x-remote-by', 'content-length', 'transfer-encoding', 'expect', 'upgrade'),
    fc.oneof(fc.constantFrom('application/json', 'chunked', '5', '-1', '100-continue', 'websocket'), hostile),
  )
  return fc
    .record({
      method: fc.constantFrom(
        'GET',
        'POST',
        'PUT',
        'DELETE',
        'HEAD',
        'OPTIONS',
        'PATCH',
        'TRACE',
        'CONNECT',
        'QUERY',
        'G E T',
        '',
      ),
      path: fc.oneof({ weight: 4, arbitrary: path }, { weight: 1, arbitrary: hostile }),
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
      headers: fc.array(header, { maxLength: 4 }),
      body: fc.oneof(fc.constant(''), fc.json(), hostile),
      tail: fc.uint8Array({ maxLength: 40 }),
    })
    .map(({ method, path, version, headers, body, tail }) => {
      const lines = [`${method} ${path} ${version}`, 'host: a', 'connection: close', `content-length: ${Buffer.byteLength(body)}`]
      const all = [...lines, ...headers.map((pair) => pair.join(': '))].join('\r\n')
      return Buffer.concat([Buffer.from(`${all}\r\n\r\n${body}`), Buffer.from(tail)])
    })
}

it(`${REQUESTS} fuzzed raw requests are never answered with a 5xx or a stack trace`, async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(request(), async (bytes) => {
      const { statuses, text } = await raw(bytes)
      answered += statuses.length
      expect(statuses.filter((status) => status >= 500)).toEqual([])
      expect(text).not.toMatch(/\n\s+at |node:internal/)
    }),
    { numRuns: REQUESTS, seed: SEED, endOnFailure: true },
  )
  expect(answered).toBeGreaterThan(REQUESTS / 2)
  await expectService()
})

it('the session that ran through all of it ends as it should, with nothing left', async () => {
  expect(world.output(session.id).toString()).toContain('begun\n')

  writeFileSync(`${world.home}/go`, '')
  expect(await world.ended(session.id)).toMatchObject({ outcome: { outcome: 'succeeded' }, attempts: [{}] })
  expect(world.output(session.id).toString()).toBe('begun\ngone on\n')
  expect(world.runnerPids()).toEqual([])
})
