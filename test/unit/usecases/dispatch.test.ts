import { describe, expect, it } from 'vitest'
import type { DispatchInput } from '../../../core/contract/dispatch.ts'
import { apiWorld } from '../../support/api-world.ts'
import { launchedSession } from '../../support/running-session.ts'
import { aDispatch, commit, sha256 } from '../../support/samples.ts'

const BY = { by: 'ada' }

describe('dispatch', () => {
  it('nothing starts before its record exists', async () => {
    const { plane, ports } = apiWorld()
    const order: string[] = []
    const { insert } = ports.sessions
    const { keep } = ports.secrets
    ports.sessions.insert = async (...args) => {
      order.push('record')
      return insert(...args)
    }
    ports.secrets.keep = async (...args) => {
      order.push('secrets')
      return keep.apply(ports.secrets, args)
    }
    ports.lifecycle.begin = async () => void order.push('begin')
    await plane.dispatch(aDispatch({ credentials: { KEY: 'long enough' } }), BY)
    expect(order).toEqual(['secrets', 'record', 'begin'])
  })

  it('one key sent a hundred times at once gives one session, and no secrets are left over', async () => {
    const { call, ports } = apiWorld()
    const ask = {
      method: 'POST',
      path: '/v1/sessions',
      body: { task: 'echo hi', agent: 'shell', credentials: { KEY: 'long enough' } },
      headers: { 'idempotency-key': 'k' },
    }
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(ask)))
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99)
    expect(ports.secrets.keepers).toEqual([answers[0]?.json.id])
  })

  it.each([
    ['task', { task: 'echo ho' }],
    ['credentials', { credentials: { KEY: 'another value' } }],
    ['environment', { env: { A: 'b' } }],
  ])('the same key with another %s is a conflict', async (_what, change) => {
    const { plane } = apiWorld()
    const ask = { task: 'echo hi', credentials: { KEY: 'long enough' } }
    await plane.dispatch(aDispatch(ask), { ...BY, key: 'k' })
    await expect(plane.dispatch(aDispatch({ ...ask, ...change }), { ...BY, key: 'k' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('the same key finds its session even when a new one would be refused by now', async () => {
    const { plane, ports } = apiWorld()
    await plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'ada')
    const ask = aDispatch({ workspace: 'alpha' })
    const first = await plane.dispatch(ask, { ...BY, key: 'k' })
    await ports.lifecycle.walk(first.session.id)
    expect(await plane.dispatch(ask, { ...BY, key: 'k' })).toMatchObject({ isNew: false, session: { id: first.session.id } })
    await expect(plane.dispatch(ask, BY)).rejects.toMatchObject({ code: 'held', hint: expect.stringContaining(first.session.id) })
  })

  it('a retry after a crash between record and begin begins the session', async () => {
    const { plane, ports } = apiWorld()
    const { begin } = ports.lifecycle
    ports.lifecycle.begin = () => Promise.reject(new Error('crash'))
    await expect(plane.dispatch(aDispatch(), { ...BY, key: 'k' })).rejects.toThrow('crash')
    ports.lifecycle.begin = begin
    const { session, isNew } = await plane.dispatch(aDispatch(), { ...BY, key: 'k' })
    expect([isNew, ports.lifecycle.begun]).toEqual([false, [session.id]])
  })

  it.each<[string, Partial<DispatchInput>, string, string]>([
    ['an unknown agent', { agent: 'clod' }, 'refused', 'claude, codex, shell'],
    ['an agent command for shell', { agent: 'shell', agentCommand: 'x' }, 'refused', 'leave'],
    ['an unknown instance type', { instance: 'm6i.huge' }, 'refused', 'm6i.large'],
    ['an unknown runtime', { runtime: 'cloud' }, 'not_supported', 'local'],
    ['prices where nothing is bought', { maxPriceUsd: 1 }, 'refused', '--max-price'],
    ['a short credential', { credentials: { KEY: 'short' } }, 'refused', '8 characters'],
    ['an unknown secret', { secrets: ['TOKEN'] }, 'refused', 'remote secrets set TOKEN'],
    ['an unknown workspace', { workspace: 'alpha' }, 'refused', 'remote workspace create --name alpha'],
    [
      'a snapshot that was not sent',
      { repository: { id: sha256(1), commit: commit(1), name: 'x' } },
      'repository',
      'dispatch again',
    ],
    ['an unknown session to resume', { resumes: 's-0000000009' }, 'not_found', 'remote status'],
  ])('%s is refused before anything is kept or started', async (_what, more, code, hint) => {
    const { plane, ports } = apiWorld()
    await expect(plane.dispatch(aDispatch(more), BY)).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) })
    expect((await plane.list({ all: true, limit: 10 })).sessions).toEqual([])
    expect([ports.secrets.keepers, ports.lifecycle.begun]).toEqual([[], []])
  })

  it('a type of an architecture that was not deployed is refused, with how to deploy it', async () => {
    const { plane } = apiWorld({ runtimes: ['cloud'], architectures: ['x64'] })
    await expect(plane.dispatch(aDispatch({ runtime: 'cloud', instance: 'm7g.large' }), BY)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('m7g.large is arm64'),
      hint: expect.stringContaining('remote cloud deploy --set architectures=x64,arm64'),
    })
    expect((await plane.list({ all: true, limit: 10 })).sessions).toEqual([])
  })

  it('an agent that could not run is refused by whoever knows', async () => {
    const { plane } = apiWorld({ admit: () => Promise.reject(new Error('no login')) })
    await expect(plane.dispatch(aDispatch(), BY)).rejects.toThrow('no login')
    expect((await plane.list({ all: true, limit: 10 })).sessions).toEqual([])
  })

  it('an agent with a command of its own may have any name', async () => {
    const { plane } = apiWorld()
    const { session } = await plane.dispatch(aDispatch({ agent: 'mine', agentCommand: 'mine --acp' }), BY)
    expect(session.request.agentCommand).toBe('mine --acp')
  })

  it('secrets are in no record, title, timeline or answer, and the machine gets the request as it was typed', async () => {
    const secret = 'hunter2-hunter2'
    const world = apiWorld()
    await world.plane.setSecret('TOKEN', secret, 'ada')
    const task = `curl -H "token: ${secret}" x`
    const session = await launchedSession(
      { task, secrets: ['TOKEN'], env: { URL: `https://u:${secret}@x` }, credentials: { KEY: 'credential value' } },
      world,
    )
    const { status, text } = await session.call({ method: 'GET', path: `/v1/sessions/${session.id}` })
    expect(status).toBe(200)
    const everything = [
      text,
      JSON.stringify(await session.plane.timeline(session.id)),
      JSON.stringify(session.ports.doorbell.shown),
    ].join()
    expect(everything).not.toContain(secret)
    expect(everything).not.toContain('credential value')
    const spec = await session.hello()
    expect(spec.request.task).toBe(task)
    expect(spec.secrets).toEqual({ TOKEN: secret, KEY: 'credential value' })
  })

  it('what a machine reports in words is stored without secrets', async () => {
    const session = await launchedSession({ agent: 'claude', credentials: { KEY: 'credential value' } })
    await session.hello()
    await session.beat({ flags: { waiting: { for: 'permission', what: 'echo credential value' } } })
    await session.done({ outcome: { outcome: 'failed', code: 'exit', reason: 'said credential value' } })
    const all = JSON.stringify([await session.record(), await session.plane.timeline(session.id)])
    expect(all).not.toContain('credential value')
  })

  it('a named secret wins over a credential of the same name', async () => {
    const world = apiWorld()
    await world.plane.setSecret('TOKEN', 'the named one', 'ada')
    const session = await launchedSession({ secrets: ['TOKEN'], credentials: { TOKEN: 'the found one' } }, world)
    expect((await session.hello()).secrets).toEqual({ TOKEN: 'the named one' })
  })

  it('a machine is sized by the task, within the price, and the record says why', async () => {
    const { plane } = apiWorld({ runtimes: ['local', 'cloud'] })
    const instanceOf = async (more: Partial<DispatchInput>) =>
      (await plane.dispatch(aDispatch({ runtime: 'cloud', ...more }), BY)).session.request.instance
    expect(await instanceOf({ task: 'fix typo in readme' })).toBe('t3.small')
    expect(await instanceOf({ task: 'fix typo in readme', instance: 'm6i.4xlarge' })).toBe('m6i.4xlarge')
    expect(await instanceOf({ task: 'run the whole test suite', maxPriceUsd: 0.05 })).toBe('t3.medium')
    expect(await instanceOf({ task: 'fix typo in readme', runtime: 'local' })).toBeUndefined()
    await expect(instanceOf({ task: 'fix typo', maxPriceUsd: 0.001 })).rejects.toMatchObject({ code: 'refused' })
    const { session } = await plane.dispatch(aDispatch({ runtime: 'cloud', task: 'fix typo in readme' }), BY)
    const [dispatched] = (await plane.timeline(session.id)).entries
    expect(dispatched?.detail).toMatchObject({ instance: 't3.small', why: expect.stringContaining('typo') })
  })
})
