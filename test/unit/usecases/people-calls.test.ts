import { describe, expect, it } from 'vitest'
import { apiWorld } from '../../support/api-world.ts'
import { launchedSession, runningSession } from '../../support/running-session.ts'
import { aDispatch } from '../../support/samples.ts'

describe('terminate', () => {
  it('asks first and kills the second time', async () => {
    const { plane, id, beat, ports } = await runningSession()
    await plane.terminate(id, { now: false }, 'ada')
    expect((await beat()).stop).toMatchObject({ how: 'graceful', why: { outcome: 'terminated', reason: 'terminated by ada' } })
    await plane.terminate(id, { now: false }, 'bob')
    expect((await beat()).stop).toMatchObject({ how: 'now', why: { reason: 'terminated by ada' } })
    expect(ports.doorbell.rung).toEqual([id, id])
  })

  it('of a session without a runner needs none', async () => {
    const queued = apiWorld()
    const { session } = await queued.plane.dispatch(aDispatch(), { by: 'ada' })
    await queued.plane.terminate(session.id, { now: false }, 'ada')
    expect(await queued.ports.lifecycle.walk(session.id)).toMatchObject({
      state: 'ended',
      outcome: { outcome: 'terminated' },
      attempts: [],
    })
    const booting = await launchedSession()
    await booting.plane.terminate(booting.id, { now: false }, 'ada')
    expect(await booting.walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'terminated' } })
    expect(booting.ports.compute.isFenced(booting.id, 1)).toBe(true)
  })

  it('of an ended session answers it as it is', async () => {
    const { plane, id, done, walk } = await runningSession()
    await done()
    const ended = await walk()
    expect(await plane.terminate(id, { now: true }, 'ada')).toEqual(ended)
  })

  it('ends a runner that does not listen', async () => {
    const { plane, id, ports, walk, beat } = await runningSession()
    await plane.terminate(id, { now: false }, 'ada')
    ports.clock.pass(59)
    await beat()
    expect(await walk()).toMatchObject({ state: 'running' })
    ports.clock.pass(2)
    expect(await walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'terminated' } })
  })
})

describe('a prefix', () => {
  it('means the one session that starts with it', async () => {
    const { plane } = apiWorld()
    const first = await plane.dispatch(aDispatch(), { by: 'ada' })
    expect((await plane.get('0000000001')).id).toBe(first.session.id)
    expect((await plane.get('s-0')).id).toBe(first.session.id)
    const second = await plane.dispatch(aDispatch(), { by: 'ada' })
    await expect(plane.get('s-0')).rejects.toMatchObject({
      code: 'ambiguous',
      message: expect.stringContaining(second.session.id),
    })
    expect((await plane.get(first.session.id)).id).toBe(first.session.id)
    for (const unknown of ['s-9', 'nonsense!', '', 'x'.repeat(1000)]) {
      await expect(plane.get(unknown)).rejects.toMatchObject({ code: 'not_found', hint: 'list them: remote status --all' })
    }
  })
})

describe('the log of a session', () => {
  it('is what is durable from a position on', async () => {
    const { plane, id, ports, done, walk } = await runningSession({ agent: 'claude' })
    const at = '2026-11-20T12:00:00.000Z'
    await ports.segments.emit(
      id,
      1,
      { head: { seq: 1, at, type: 'message', role: 'agent', text: 'x' } },
      { head: { seq: 2, at, type: 'message', role: 'agent', text: 'y' } },
    )
    expect(await plane.log(id, { attempt: 1, seq: 2 })).toMatchObject({
      open: true,
      attempts: [{ attempt: 1, last: 2, segments: [{ first: 1, last: 2 }] }],
    })
    expect((await plane.log(id, { attempt: 1, seq: 3 })).attempts[0]?.segments).toEqual([])
    expect((await plane.log(id, { attempt: 2, seq: 0 })).attempts).toEqual([])
    await done({ lastSeq: 2 })
    await walk()
    expect(await plane.log(id, { attempt: 1, seq: 0 })).toMatchObject({ open: false, attempts: [{ sealed: true }] })
    await expect(plane.readSegment(id, 2, 1)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('workspaces and secrets', () => {
  it('a workspace is held while its session runs and free afterwards', async () => {
    const world = apiWorld()
    await world.plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'ada')
    const { spec, id, done, walk } = await runningSession({ workspace: 'alpha' }, world)
    expect(spec.workspace).toBe('/workspaces/alpha')
    expect(await world.plane.getWorkspace('alpha')).toMatchObject({ heldBy: id })
    await expect(world.plane.deleteWorkspace('alpha', 'ada')).rejects.toMatchObject({ code: 'held' })
    await done()
    await walk()
    expect((await world.plane.getWorkspace('alpha')).heldBy).toBeUndefined()
    await world.plane.deleteWorkspace('alpha', 'ada')
    await expect(world.plane.deleteWorkspace('alpha', 'ada')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('a workspace that was taken in between ends the session as refused, after it was tried again', async () => {
    const { plane, ports } = apiWorld()
    await plane.createWorkspace({ name: 'alpha', runtime: 'local', sizeBytes: 1 }, 'ada')
    const { session } = await plane.dispatch(aDispatch({ workspace: 'alpha' }), { by: 'ada' })
    await ports.workspaces.hold('alpha', 's-other')
    for (let seconds = 0; seconds < 10; seconds++) {
      await ports.lifecycle.walk(session.id)
      ports.clock.pass(1)
    }
    expect(await plane.get(session.id)).toMatchObject({
      state: 'ended',
      outcome: { outcome: 'refused', code: 'held', reason: 'workspace alpha is held by s-other' },
    })
    expect((await plane.getWorkspace('alpha')).heldBy).toBe('s-other')
  })

  it('a value under 8 characters is no secret', async () => {
    const { plane, call } = apiWorld()
    await expect(plane.setSecret('TOKEN', 'short', 'ada')).rejects.toMatchObject({ code: 'refused' })
    const { status, text } = await call({ method: 'PUT', path: '/v1/secrets/TOKEN', body: { value: 'short!!' } })
    expect([status, text.includes('short!!')]).toEqual([400, false])
    await expect(plane.deleteSecret('TOKEN', 'ada')).rejects.toMatchObject({ code: 'not_found' })
  })
})
