import { describe, expect, it } from 'vitest'
import type { Settings } from '../../../core/usecases/settings.ts'
import { apiWorld } from '../../support/api-world.ts'
import { runningSession } from '../../support/running-session.ts'
import { aDispatch } from '../../support/samples.ts'

const CLOUD: Partial<Settings> = { runtimes: ['local', 'cloud'], dailyBudgetUsd: 10 }
const ask = (more = {}) => aDispatch({ runtime: 'cloud', ...more })

/** A session that has spent so much on tokens and still runs. */
const spending = async (world: ReturnType<typeof apiWorld>, costUsd: number) => {
  const session = await runningSession({ runtime: 'cloud', agent: 'claude' }, world)
  await session.beat({ usage: { inputTokens: 1, outputTokens: 1, costUsd } })
  return session
}

describe('the daily budget', () => {
  it('refuses a new session when what ended and what runs have reached it, with the figures and a way on', async () => {
    const world = apiWorld(CLOUD)
    const running = await spending(world, 6)
    const ended = await spending(world, 5)
    await ended.done()
    await ended.walk()
    const refused = await world.call({ method: 'POST', path: '/v1/sessions', body: ask() })
    expect(refused).toMatchObject({ status: 422, json: { code: 'over_budget' } })
    expect(refused.json.message).toMatch(/^today's budget of \$10\.00 is spent: \$11\.\d\d so far$/)
    expect(refused.json.hint).toMatch(/^raise it: remote budget set --daily 23 --on cloud; or wait until 00:00 UTC \(in 12 h\)/)
    expect((await running.record()).state).toBe('running')
    await running.beat()
  })

  it('counts what runs before it has ended, and a session that was accepted stays accepted', async () => {
    const world = apiWorld(CLOUD)
    const caller = { by: 'ada', key: 'k' }
    const { session } = await world.plane.dispatch(ask(), caller)
    await spending(world, 10)
    await expect(world.plane.dispatch(ask(), { by: 'ada' })).rejects.toMatchObject({ code: 'over_budget' })
    expect((await world.plane.dispatch(ask(), caller)).session.id).toBe(session.id)
  })

  it('begins anew at midnight UTC, and a session that goes on spends of the new day', async () => {
    const world = apiWorld(CLOUD)
    const running = await spending(world, 10)
    world.ports.clock.passUntil(Date.parse('2026-11-21T00:00:01.000Z'))
    expect(await world.plane.budget()).toMatchObject({ day: '2026-11-21', spentUsd: 0, leftUsd: 10 })
    await world.plane.dispatch(ask(), { by: 'ada' })
    await running.beat({ usage: { inputTokens: 2, outputTokens: 2, costUsd: 22 } })
    const now = await world.plane.budget()
    expect(now.spentUsd).toBeCloseTo(12, 2)
    await expect(world.plane.dispatch(ask(), { by: 'ada' })).rejects.toMatchObject({ code: 'over_budget' })
  })

  it('lets go on when it is raised or taken away, and says who did that', async () => {
    const world = apiWorld(CLOUD)
    await spending(world, 9)
    await spending(world, 2)
    const set = await world.call({ method: 'PUT', path: '/v1/budget', body: { dailyUsd: 20 } })
    expect(set.json).toMatchObject({ dailyUsd: 20, setBy: 'ada', leftUsd: expect.closeTo(9, 1) })
    await world.plane.dispatch(ask(), { by: 'ada' })
    await world.plane.setBudget({ dailyUsd: 1 }, 'grace')
    await expect(world.plane.dispatch(ask(), { by: 'ada' })).rejects.toMatchObject({ code: 'over_budget' })
    await world.plane.setBudget({ dailyUsd: null }, 'grace')
    await world.plane.dispatch(ask(), { by: 'ada' })
    const { json } = await world.call({ method: 'GET', path: '/v1/budget/timeline' })
    expect(json.entries.map(({ by, detail }: { by: string; detail: object }) => [by, detail])).toEqual([
      ['ada', { dailyUsd: 20 }],
      ['grace', { dailyUsd: 1, before: 20 }],
      ['grace', { dailyUsd: null, before: 1 }],
    ])
  })

  it('is none where none is set, and never keeps a command on this machine from running', async () => {
    const world = apiWorld({ runtimes: ['local', 'cloud'] })
    expect(await world.plane.budget()).toMatchObject({ dailyUsd: null, leftUsd: null })
    await spending(world, 1000)
    await world.plane.dispatch(ask(), { by: 'ada' })
    await world.plane.setBudget({ dailyUsd: 1 }, 'ada')
    await world.plane.dispatch(aDispatch(), { by: 'ada' })
    await expect(world.plane.dispatch(aDispatch({ agent: 'claude' }), { by: 'ada' })).rejects.toMatchObject({
      code: 'over_budget',
    })
  })

  it.each([[{ dailyUsd: 0 }], [{ dailyUsd: -1 }], [{ dailyUsd: '5' }], [{}], [{ dailyUsd: 5, weekly: 1 }]])(
    '%j is no budget',
    async (body) => {
      const { call } = apiWorld(CLOUD)
      expect((await call({ method: 'PUT', path: '/v1/budget', body })).status).toBe(400)
    },
  )
})

describe('what was spent', () => {
  it('is listed by session, day and workspace; what runs is an estimate, what ended is final', async () => {
    const world = apiWorld(CLOUD)
    await world.plane.createWorkspace({ name: 'alpha', runtime: 'cloud', sizeBytes: 1 }, 'ada')
    const first = await runningSession({ runtime: 'cloud', agent: 'claude', workspace: 'alpha' }, world)
    await first.done({ usage: { inputTokens: 1, outputTokens: 1, costUsd: 2 } })
    await first.walk()
    world.ports.clock.pass(86_400)
    const second = await spending(world, 3)
    const by = (what: string) => world.call({ method: 'GET', path: `/v1/spend?by=${what}` })
    const sessions = (await by('session')).json
    expect(sessions).toMatchObject({ from: '2026-10-22', to: '2026-11-21', sessions: 2, running: 1, leftOut: 0 })
    expect(sessions.rows).toMatchObject([
      { key: second.id, running: 1, from: '2026-11-21' },
      { key: first.id, title: 'echo hi', running: 0, from: '2026-11-20', cost: { agentUsd: 2 } },
    ])
    expect((await by('day')).json.rows).toMatchObject([{ key: '2026-11-21', sessions: 1 }, { key: '2026-11-20' }])
    expect((await by('workspace')).json.rows).toMatchObject([{ key: '', cost: { agentUsd: 3 } }, { key: 'alpha' }])
    expect(sessions.total.agentUsd).toBe(5)
    const recent = (await world.call({ method: 'GET', path: '/v1/spend?since=3600' })).json
    expect(recent.rows.map(({ key }: { key: string }) => key)).toEqual([second.id])
  })

  it.each(['by=hour', 'since=-1', 'since=30d'])('is not asked for with %s', async (query) => {
    const { call } = apiWorld(CLOUD)
    expect((await call({ method: 'GET', path: `/v1/spend?${query}` })).status).toBe(400)
  })
})
