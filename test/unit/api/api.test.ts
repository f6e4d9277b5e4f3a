import { describe, expect, it } from 'vitest'
import { createApi } from '../../../core/api/create-api.ts'
import { apiWorld } from '../../support/api-world.ts'
import { plainBundle } from '../../support/plain-bundle.ts'
import { runningSession } from '../../support/running-session.ts'
import { commit, sha256 } from '../../support/samples.ts'

const hello = { task: 'echo hi', agent: 'shell' }
const post = (path: string, body?: unknown, headers?: Record<string, string>) => ({
  method: 'POST',
  path,
  body,
  ...(headers ? { headers } : {}),
})
const get = (path: string) => ({ method: 'GET', path })

describe('the API', () => {
  it('answers 201 with the session, and 200 when it was there', async () => {
    const { call } = apiWorld()
    const key = { 'idempotency-key': 'k' }
    const first = await call(post('/v1/sessions', hello, key))
    const again = await call(post('/v1/sessions', hello, key))
    expect([first.status, again.status, again.json]).toEqual([201, 200, first.json])
    expect((await call(post('/v1/sessions', { ...hello, task: 'x' }, key))).json).toMatchObject({ code: 'conflict' })
    expect((await call(post('/v1/sessions', hello, { 'idempotency-key': 'a b' }))).status).toBe(400)
  })

  it('knows who calls, and does not take everything for a name', async () => {
    const { call } = apiWorld()
    expect((await call(post('/v1/sessions', hello))).json.by).toBe('ada')
    expect((await call(post('/v1/sessions', hello, { 'x-remote-by': 'x'.repeat(200) }))).json.by).toBe('unknown')
  })

  it('lists page by page, without the ended ones unless asked', async () => {
    const { call, plane, ports } = apiWorld()
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.unshift((await call(post('/v1/sessions', hello))).json.id)
    const first = (await call(get('/v1/sessions?limit=2'))).json
    const second = (await call(get(`/v1/sessions?limit=2&cursor=${first.next}`))).json
    expect([...first.sessions, ...second.sessions].map(({ id }) => id)).toEqual(ids)
    await plane.terminate(ids[0] ?? '', { now: true }, 'ada')
    await ports.lifecycle.walk(ids[0] ?? '')
    expect((await call(get('/v1/sessions'))).json.sessions).toHaveLength(2)
    expect((await call(get('/v1/sessions?all=1'))).json.sessions).toHaveLength(3)
    expect((await call(get('/v1/sessions?limit=many'))).json).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('limit'),
    })
  })

  it.each([
    ['what is no JSON', '{"task":', 400],
    ['a text instead of an object', '"\\ud800"', 400],
    ['another shape', '[1]', 400],
    ['more than 2 MB', JSON.stringify({ ...hello, task: 'x'.repeat(2_200_000) }), 413],
    ['a task of 1 MB', JSON.stringify({ ...hello, task: 'x'.repeat(1_000_000) }), 400],
  ])('refuses %s with a hint', async (_what, body, status) => {
    const { call } = apiWorld()
    const answer = await call(post('/v1/sessions', body))
    expect([answer.status, typeof answer.json.hint]).toEqual([status, 'string'])
    expect(answer.text.length).toBeLessThan(1000)
  })

  it('refuses a value without repeating it', async () => {
    const { call } = apiWorld()
    const { status, text } = await call(
      post('/v1/sessions', { ...hello, credentials: { 'NOT A NAME': 'a secret value' }, approve: 'a secret value' }),
    )
    expect([status, text.includes('a secret value')]).toEqual([400, false])
  })

  it('tells the story of a bug to the log alone', async () => {
    const { plane } = apiWorld()
    const told: [unknown, string][] = []
    const broken = { ...plane, list: () => Promise.reject(new Error('password=hunter2')) }
    const api = createApi(broken, () => Promise.reject(new Error('x')), { onBug: (error, id) => told.push([error, id]) })
    const response = await api.request('/v1/sessions')
    const body = JSON.parse(await response.text())
    expect(response.status).toBe(500)
    expect(body).toEqual({
      code: 'bug',
      message: 'something unforeseen went wrong',
      hint: expect.stringContaining(body.id),
      id: told[0]?.[1],
    })
    expect(String(told[0]?.[0])).toContain('hunter2')
  })

  it('streams bundles in and out', async () => {
    const { call } = apiWorld()
    const { sha256: hash, text } = plainBundle({ tips: [commit(1)], needs: [] })
    const facts = { 'x-remote-repository': sha256(1), 'x-remote-tips': commit(1), 'x-remote-needs': '' }
    const put = (path: string, headers: Record<string, string>) => call({ method: 'PUT', path, body: text, headers })
    expect((await put(`/v1/bundles/${hash}`, facts)).status).toBe(201)
    expect(await call(get(`/v1/bundles/${hash}`))).toMatchObject({ status: 200, text })
    expect((await call(get(`/v1/repositories/${sha256(1)}`))).json).toEqual({ commits: [commit(1)] })
    expect((await put(`/v1/bundles/${sha256(7)}`, facts)).json).toMatchObject({ code: 'bad_request' })
    expect((await put(`/v1/bundles/${hash}`, {})).json).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('repository'),
    })
    expect((await call(get(`/v1/bundles/${sha256(7)}`))).status).toBe(404)
  })

  it('carries a session from hello to done', async () => {
    const { call } = apiWorld()
    const { json: session } = await call(post('/v1/sessions', hello))
    const runner = `/v1/runner/${session.id}/1`
    expect((await call(post(`${runner}/hello`, { runnerVersion: '1' }))).status).toBe(425)
    expect((await call(post('/v1/runner/s-zzzzzzzzzz/1/hello', { runnerVersion: '1' }))).status).toBe(404)
    expect((await call(post(`/v1/runner/${session.id}/0/hello`, { runnerVersion: '1' }))).status).toBe(400)
  })

  it('serves the log as segments of whole records', async () => {
    const { call, id, ports } = await runningSession()
    const at = '2026-11-20T12:00:00.000Z'
    await ports.segments.emit(id, 1, {
      head: { seq: 1, at, type: 'output', stream: 'stdout' },
      bytes: new TextEncoder().encode('hi'),
    })
    const { json } = await call(get(`/v1/sessions/${id}/log?from=1.1`))
    expect(json).toMatchObject({ open: true, attempts: [{ attempt: 1, last: 1, sealed: false }] })
    expect((await call(get(json.attempts[0].segments[0].url))).text).toContain('hi')
    expect((await call(get(`/v1/sessions/${id}/log?from=1`))).json).toMatchObject({
      code: 'bad_request',
      message: 'from: a position is ATTEMPT.SEQ',
    })
  })

  it('can be stopped only where it is a process of the caller’s own', async () => {
    const { call, plane } = apiWorld()
    expect((await call(post('/v1/daemon/stop'))).json).toMatchObject({ code: 'not_supported' })
    let stopped = 0
    const api = createApi(plane, () => Promise.reject(new Error('x')), { stop: () => stopped++ })
    expect([(await api.request('/v1/daemon/stop', { method: 'POST' })).status, stopped]).toEqual([200, 1])
  })
})
