import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ROUTES } from '../../../core/api/route-table.ts'
import { ErrorBody } from '../../../core/contract/error-body.ts'
import { ERRORS } from '../../../core/contract/remote-error.ts'
import { type ApiWorld, apiWorld, type Call } from '../../support/api-world.ts'
import { aDispatch, commit, sessionId, sha256 } from '../../support/samples.ts'

const CALLS = 10_000
/** A world does not grow without end: every so many calls get a new one. */
const CALLS_PER_WORLD = 250

/** Bodies that are right, so that a small change of one is nearly right. */
const BODIES: readonly unknown[] = [
  aDispatch(),
  aDispatch({
    agent: 'claude',
    secrets: ['TOKEN'],
    credentials: { KEY: 'long enough' },
    env: { A: 'b' },
    workspace: 'alpha',
    retries: 1,
    maxCostUsd: 1,
  }),
  aDispatch({ repository: { id: sha256(1), commit: commit(1), name: 'x' }, setup: { commands: ['true'] }, cwd: 'a/b' }),
  aDispatch({ resumes: sessionId(1), instance: 'm6i.large', spot: true, runtime: 'cloud' }),
  { now: true },
  { kind: 'message', text: 'hi' },
  { kind: 'interrupt' },
  { kind: 'answer', choice: 'approve' },
  { text: 'go on', ttlSeconds: 60, secrets: [] },
  { task: 'run the whole test suite', spot: true, maxPriceUsd: 0.1, ttlSeconds: 7200 },
  { name: 'alpha', sizeBytes: 1024 },
  { value: 'a long enough value' },
  { runnerVersion: '1', facts: {} },
  {
    position: { attempt: 1, seq: 3 },
    inboxHandled: 0,
    flags: { waiting: { for: 'permission', what: 'rm' } },
    usage: { inputTokens: 1, outputTokens: 1, costUsd: 2 },
  },
  { first: 1, last: 2, final: true },
  { outcome: { outcome: 'succeeded', code: 'exit', reason: 'ok', exitCode: 0 }, lastSeq: 3, inboxHandled: 0 },
]

const odd = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '../..',
    '%',
    '0',
    '-1',
    '1e9',
    '99999999999999999999',
    'NaN',
    's-',
    's-%',
    'ſ',
    '\u0000',
    'a'.repeat(5000),
    "' OR 1=1 --",
  ),
)
const known = fc.constantFrom(
  sessionId(1),
  sessionId(2),
  sessionId(9),
  's-0',
  '0',
  '1',
  '2',
  'alpha',
  'TOKEN',
  sha256(1),
  commit(1),
)
const part = fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: odd })
const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), odd, fc.constantFrom(null, -1, 1e308, 2 ** 53, 'x'.repeat(300_000), [], {}))

type Members = Record<string, unknown>
const isMembers = (body: unknown): body is Members => typeof body === 'object' && body !== null && !Array.isArray(body)

/** One member changed, removed or added, now and then one level deeper. */
const changed = (body: unknown, pick: number, how: number, by: unknown): unknown => {
  if (!isMembers(body)) return by
  const keys = Object.keys(body)
  const key = keys[pick % Math.max(1, keys.length)] ?? 'task'
  if (how === 0) return Object.fromEntries(Object.entries(body).filter(([other]) => other !== key))
  if (how === 1) return { ...body, [`${key}x`]: by }
  return { ...body, [key]: how === 2 ? changed(body[key], pick + 1, 3, by) : by }
}

const body = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...BODIES), fc.nat(20), fc.nat(3), value)
      .map(([right, pick, how, by]) => changed(right, pick, how, by)),
  },
  { weight: 2, arbitrary: fc.constantFrom(...BODIES) },
  { weight: 1, arbitrary: value },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{',
      '[',
      '',
      '\ufeff{}',
      '{"task":',
      '"\ud800"',
      '['.repeat(10_000),
      `{"task":"${'x'.repeat(2_100_000)}"}`,
    ),
  },
)
const header = fc.oneof(
  fc.constantFrom('k', 'x'.repeat(300), 'a b', `${sha256(1)}`, `${commit(1)},${commit(2)}`, ',,', '\u00ff'),
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => text.replace(/[^\x20-\x7e]/g, '')),
)
const headers = fc.dictionary(
  fc.constantFrom('idempotency-key', 'x-remote-by', 'x-remote-repository', 'x-remote-tips', 'x-remote-needs', 'content-length'),
  header,
  { maxKeys: 3 },
)

const call: fc.Arbitrary<Call> = fc
  .record({
    at: fc.nat(ROUTES.length - 1),
    parts: fc.tuple(part, part, part),
    query: fc.option(fc.tuple(fc.constantFrom('all', 'limit', 'cursor', 'from', 'after', 'x'), part)),
    body,
    headers,
    other: fc.nat(30),
  })
  .map(({ at, parts, query, body, headers, other }) => {
    const [method = 'GET', pattern = ''] = (ROUTES[at]?.route ?? '').split(' ')
    let n = 0
    const path = pattern.replace(/:\w+/g, () => encodeURIComponent((parts[n++] ?? '').toWellFormed()))
    const search = query ? `?${query[0]}=${encodeURIComponent(query[1].toWellFormed())}` : ''
    const verb = other === 0 ? 'PATCH' : method
    return { method: verb, path: `${path}${other === 1 ? '/%zz' : ''}${search}`, headers, ...(verb === 'GET' ? {} : { body }) }
  })

/** One session that runs, one that has ended, a workspace and a secret: something to hit. */
const inhabited = async (): Promise<ApiWorld> => {
  const world = apiWorld()
  const { plane, ports } = world
  await plane.setSecret('TOKEN', 'a secret value', 'ada')
  await plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'ada')
  const { session: running } = await plane.dispatch(aDispatch({ agent: 'claude' }), { by: 'ada' })
  await ports.lifecycle.walk(running.id)
  await plane.hello(running.id, 1, { runnerVersion: '1' })
  const { session: ended } = await plane.dispatch(aDispatch({ agent: 'claude' }), { by: 'ada' })
  await plane.terminate(ended.id, { now: true }, 'ada')
  await ports.lifecycle.walk(ended.id)
  return world
}

describe('the API', () => {
  it(`answers ${CALLS} odd calls with something a person can act on, never with a fault of its own`, async () => {
    let world = await inhabited()
    let calls = 0
    const seen = new Map<number, number>()
    const property = fc.asyncProperty(call, async (asked) => {
      if (++calls % CALLS_PER_WORLD === 0) world = await inhabited()
      const { status, json, text } = await world.call(asked)
      seen.set(status, (seen.get(status) ?? 0) + 1)
      expect(world.bugs, text).toEqual([])
      expect(status).toBeLessThan(500)
      if (status < 400) return
      const error = ErrorBody.parse(json)
      expect(ERRORS[error.code].status).toBe(status)
      expect(error.hint, error.message).toMatch(/\w/)
      expect(error.message.length).toBeLessThan(1500)
      expect(text).not.toMatch(/\n\s+at |node_modules/)
    })
    await fc.assert(property, { numRuns: CALLS })
    for (const status of [200, 201, 400, 404, 409, 413, 422])
      expect(seen.get(status) ?? 0, `${status} of ${[...seen]}`).toBeGreaterThan(0)
  }, 120_000)
})
