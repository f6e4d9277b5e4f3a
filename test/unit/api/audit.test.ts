import { describe, expect, it } from 'vitest'
import { ROUTES, type RouteDoc } from '../../../core/api/route-table.ts'
import type { Audit, AuditEntry } from '../../../core/contract/audit.ts'
import { type ApiWorld, apiWorld, type Call } from '../../support/api-world.ts'
import { plainBundle } from '../../support/plain-bundle.ts'
import { runningSession } from '../../support/running-session.ts'
import { commit, sha256 } from '../../support/samples.ts'

type Route = RouteDoc['route']
type Scene = { world: ApiWorld; call: Omit<Call, 'method'>; on: string; ended?: string; status?: number }

const isPersons = (route: Route) => !route.startsWith('GET ') && !route.includes('/v1/runner/')

const empty =
  (call: Omit<Call, 'method'>, on: string, more: Partial<Scene> = {}) =>
  async (): Promise<Scene> => ({
    world: apiWorld(),
    call,
    on,
    ...more,
  })
const withWorkspace =
  (path: string, body: unknown, more: Partial<Scene> = {}) =>
  async (): Promise<Scene> => {
    const world = apiWorld()
    await world.plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'before')
    const { snapshots = [] } = await world.plane.snapshotWorkspace('alpha', 'before')
    const at = `/v1/workspaces/alpha${path}`.replace('SNAPSHOT', snapshots[0]?.id ?? '')
    return { world, call: { path: at, body }, on: 'workspace alpha', ...more }
  }
const withSession =
  (path: string, body: unknown, ended = false) =>
  async (): Promise<Scene> => {
    const world = await runningSession({ agent: 'claude' })
    if (ended) {
      await world.done()
      await world.walk()
    }
    return { world, call: { path: `/v1/sessions/${world.id}/${path}`, body }, on: `session ${world.id}` }
  }

const facts = { repository: sha256(1), tips: [commit(1)], needs: [] }
const withBundle = async (): Promise<Scene> => {
  const world = apiWorld()
  const bundle = plainBundle(facts)
  await world.plane.putBundle(bundle.sha256, new Blob([bundle.text]).stream(), facts, 'before')
  const body = { bytes: bundle.text.length, facts }
  return { world, call: { path: `/v1/bundles/${bundle.sha256}/stored`, body }, on: `bundle ${bundle.sha256}` }
}
const putBundle = async (): Promise<Scene> => {
  const { sha256: hash, text } = plainBundle(facts)
  const headers = { 'x-remote-repository': facts.repository, 'x-remote-tips': commit(1), 'x-remote-needs': '' }
  return { world: apiWorld(), call: { path: `/v1/bundles/${hash}`, body: text, headers }, on: `bundle ${hash}`, status: 201 }
}

const NEW = /^session s-/
/** A call of each route that changes something, and what its record is of. */
const SCENES: Partial<Record<Route, () => Promise<Scene>>> = {
  'POST /v1/sessions': empty({ path: '/v1/sessions', body: { task: 'true', agent: 'shell' } }, String(NEW), { status: 201 }),
  'POST /v1/sessions/:id/terminate': withSession('terminate', { now: false }),
  'POST /v1/sessions/:id/inbox': withSession('inbox', { kind: 'message', text: 'more' }),
  'POST /v1/sessions/:id/resume': async () => ({
    ...(await withSession('resume', { text: 'more' }, true)()),
    on: String(NEW),
    status: 201,
  }),
  'PUT /v1/bundles/:sha256': putBundle,
  'POST /v1/bundles/:sha256/stored': withBundle,
  'POST /v1/workspaces': empty({ path: '/v1/workspaces', body: { name: 'alpha' } }, 'workspace alpha', { status: 201 }),
  'DELETE /v1/workspaces/:name': withWorkspace('', undefined),
  'POST /v1/workspaces/:name/snapshots': withWorkspace('/snapshots', undefined, { status: 201 }),
  'DELETE /v1/workspaces/:name/snapshots/:snapshot': withWorkspace('/snapshots/SNAPSHOT', undefined),
  'POST /v1/workspaces/:name/move': withWorkspace('/move', { zone: 'us-east-1a' }, { status: 422, ended: 'not_supported' }),
  'POST /v1/workspaces/:name/resize': withWorkspace('/resize', { sizeBytes: 2 }),
  'PUT /v1/secrets/:name': empty({ path: '/v1/secrets/TOKEN', body: { value: 'hunter-two' } }, 'secret TOKEN'),
  'DELETE /v1/secrets/:name': async () => {
    const world = apiWorld()
    await world.plane.setSecret('TOKEN', 'hunter-two', 'before')
    return { world, call: { path: '/v1/secrets/TOKEN' }, on: 'secret TOKEN' }
  },
  'PUT /v1/prices': empty({ path: '/v1/prices', body: { region: 'x', onDemand: {}, spot: {}, refused: [] } }, 'prices'),
  'PUT /v1/budget': empty({ path: '/v1/budget', body: { dailyUsd: 5 } }, 'budget'),
}

const auditOf = async ({ call }: Pick<ApiWorld, 'call'>, query = ''): Promise<Audit> =>
  (await call({ method: 'GET', path: `/v1/audit${query}` })).json
const by = (name: string) => (entry: AuditEntry) => entry.by === name

describe('the audit log', () => {
  it.each(ROUTES.map(({ route }) => route).filter(isPersons))(
    '%s leaves a record, or says that it changes nothing',
    async (route) => {
      const doc = ROUTES.find((one) => one.route === route)
      const prepare = SCENES[route]
      if (doc?.changes === 'nothing') return expect(prepare, 'it changes nothing').toBeUndefined()
      if (!prepare) throw new Error(`${route} has no scene here: which record does it leave?`)
      const { world, call, on, ended = 'done', status = 200 } = await prepare()
      const [method = ''] = route.split(' ')
      const headers = { 'x-remote-by': 'eve', ...call.headers }
      const answer = await world.call({ ...call, method, headers })
      expect(answer.status, answer.text).toBe(status)
      const entries = (await auditOf(world)).entries.filter(by('eve'))
      expect(entries).toHaveLength(1)
      expect(entries[0]).toMatchObject({ at: expect.any(String), what: expect.any(String), ended: { code: ended } })
      if (on === String(NEW)) expect(entries[0]?.on).toMatch(NEW)
      else expect(entries[0]?.on).toBe(on)
      expect(JSON.stringify(entries)).not.toContain('hunter-two')
    },
  )

  it.each(ROUTES.filter(({ changes }) => changes === 'nothing').map(({ route }) => route))('%s leaves none', async (route) => {
    const world = apiWorld()
    const [method = '', path = ''] = route.split(' ')
    const body = path.includes('bundles') ? { bytes: 1, facts } : { task: 'true' }
    await world.call({ method, path: path.replace(':sha256', sha256(1)), body })
    expect((await auditOf(world)).entries).toEqual([])
  })

  it('has what was refused when it was tried, with the reason’s code', async () => {
    const world = await runningSession({}, apiWorld())
    await world.plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'ada')
    await world.ports.workspaces.hold('alpha', world.id)
    expect((await world.call({ method: 'DELETE', path: '/v1/workspaces/alpha' })).json).toMatchObject({ code: 'held' })
    expect((await auditOf(world)).entries[0]).toMatchObject({ what: 'workspace delete', by: 'ada', ended: { code: 'held' } })
  })

  it('has what was asked for before anything is changed: a crash loses no record, and its end stays open', async () => {
    const world = apiWorld()
    const { workspaces, audit } = world.ports
    const seen: Audit[] = []
    workspaces.create = async () => {
      seen.push(await audit.list({ since: '', limit: 10 }))
      return new Promise(() => undefined) // the function was frozen here, for good
    }
    void world.plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'ada')
    await expect.poll(() => seen.length).toBe(1)
    expect(seen[0]?.entries).toMatchObject([{ by: 'ada', what: 'workspace create', on: 'workspace alpha' }])
    expect(seen[0]?.entries[0]).not.toHaveProperty('ended')
  })

  it('changes nothing when it cannot record it, and answers what was done when only the end cannot be recorded', async () => {
    const world = apiWorld()
    const { audit, secrets } = world.ports
    const { add } = audit
    audit.add = () => Promise.reject(new Error('throttled'))
    await expect(world.plane.setSecret('TOKEN', 'hunter-two', 'ada')).rejects.toThrow('throttled')
    expect(await secrets.list()).toEqual([])
    audit.add = add
    audit.end = () => Promise.reject(new Error('throttled'))
    expect(await world.plane.setSecret('TOKEN', 'hunter-two', 'ada')).toMatchObject({ name: 'TOKEN' })
  })

  it('is of what people did: what the control plane does by itself is in the timelines', async () => {
    const { call, id, done, walk } = await runningSession()
    await done()
    await walk()
    expect((await auditOf({ call })).entries.map(({ by: who, what, on }) => [who, what, on])).toEqual([
      ['ada', 'dispatched', `session ${id}`],
    ])
  })

  it('knows a person called like the control plane from it', async () => {
    const { call } = apiWorld()
    await call({ method: 'PUT', path: '/v1/budget', body: { dailyUsd: 1 }, headers: { 'x-remote-by': 'remote' } })
    expect((await auditOf({ call })).entries).toMatchObject([{ by: 'user remote' }])
  })

  it('is read page by page, as far back as is asked for', async () => {
    const world = apiWorld()
    const days = [0, 3, 6, 9]
    for (const n of days) {
      await world.call({ method: 'PUT', path: '/v1/budget', body: { dailyUsd: n + 1 } })
      world.ports.clock.pass(3 * 86_400)
    }
    const first = await auditOf(world, `?since=${30 * 86_400}&limit=3`)
    const rest = await auditOf(world, `?since=${30 * 86_400}&limit=3&cursor=${encodeURIComponent(first.next ?? '')}`)
    expect([...first.entries, ...rest.entries].map(({ detail }) => detail?.['dailyUsd'])).toEqual([10, 7, 4, 1])
    expect(rest.next).toBeUndefined()
    expect((await auditOf(world)).entries).toHaveLength(2) // a week, unless something else is asked for
  })
})
