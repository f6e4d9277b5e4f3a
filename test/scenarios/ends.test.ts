import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'

const CHILDREN = 'setsid sleep 600 & env -i /bin/sleep 600 & nohup sleep 600 >/dev/null 2>&1 &'

describe.each(['on', 'off'] as const)('a local session with its sandbox %s', (sandbox) => {
  let world: World
  beforeEach(async () => {
    world = new World()
    expect(await world.startDaemon()).toMatchObject({ ready: true })
  })
  afterEach(() => world.close())

  const started = (id: string) => until('the command has begun', () => (world.output(id).includes('begun') ? true : undefined))
  const nothingLeft = async (ended: Session) => {
    const within = Date.parse(ended.endedAt ?? '') + 5000 - Date.now()
    await until('nothing is left', () => (world.running().length === 0 ? true : undefined), Math.max(1, within / 1000))
  }

  it('expires at its ttl, whole process tree, with its output kept', async () => {
    const { id } = await world.shell(`${CHILDREN} echo begun; sleep 600`, { sandbox, ttlSeconds: 2 })
    const ended = await world.ended(id)
    expect(ended.outcome).toMatchObject({ outcome: 'expired', code: 'ttl' })
    await nothingLeft(ended)
    expect(world.output(id).toString()).toBe('begun\n')
  })

  it('is terminated gracefully: the command hears it and may still say something', async () => {
    const { id } = await world.shell(`${CHILDREN} trap 'echo bye; exit 3' TERM; echo begun; while :; do sleep 0.1; done`, {
      sandbox,
    })
    await started(id)
    expect((await world.api('POST', `/sessions/${id}/terminate`, {})).status).toBe(200)
    const ended = await world.ended(id)
    expect(ended.outcome).toMatchObject({ outcome: 'terminated' })
    await nothingLeft(ended)
    expect(world.output(id).toString()).toContain('bye')
  })

  it('is terminated twice: now', async () => {
    const { id } = await world.shell(`trap '' TERM; echo begun; while :; do sleep 0.1; done`, { sandbox })
    await started(id)
    await world.api('POST', `/sessions/${id}/terminate`, {})
    await world.api('POST', `/sessions/${id}/terminate`, {})
    const ended = await world.ended(id)
    expect(ended.outcome?.outcome).toBe('terminated')
    const asked = Date.parse(ended.stop?.at ?? '')
    expect(Date.parse(ended.endedAt ?? '') - asked).toBeLessThan(9000)
    await nothingLeft(ended)
    expect((await world.api<Session>('POST', `/sessions/${id}/terminate`, {})).body.outcome).toEqual(ended.outcome)
  })

  it('keeps a secret out of output, title, record, timeline and reason', async () => {
    const secret = 'hunter2-hunter2-hunter2'
    expect((await world.api('PUT', '/secrets/TOKEN', { value: secret })).status).toBeLessThan(300)
    const { id } = await world.shell(`echo "$TOKEN ${secret}"; echo ${secret} >&2; exec /nowhere/${secret}`, {
      sandbox,
      secrets: ['TOKEN'],
    })
    const ended = await world.ended(id)
    expect(ended.outcome?.outcome).toBe('failed')
    for (const path of [`/sessions/${id}`, `/sessions/${id}/timeline`, `/sessions/${id}/explain`, '/sessions?all=1', '/secrets'])
      expect(JSON.stringify((await world.api('GET', path)).body)).not.toContain(secret)
    const raw = readFileSync(join(world.paths.sessions, id, 'log', '1', '000000000001'), 'latin1')
    expect(raw).not.toContain(secret)
    expect(raw).toContain('redacted')
    expect(readFileSync(world.paths.database, 'latin1')).not.toContain(secret)
    expect(existsSync(join(world.paths.kept, id))).toBe(false)
  })
})

it('one key in 100 dispatches at once is one session, and another body with it is refused', async () => {
  const world = new World()
  await world.startDaemon()
  const answers = await Promise.all(Array.from({ length: 100 }, () => world.shell('echo once', {}, 'one-key')))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
  const other = await world.api('POST', '/sessions', { task: 'echo other', agent: 'shell' }, { 'idempotency-key': 'one-key' })
  expect(other).toMatchObject({ status: 409, body: { code: 'conflict' } })
  await world.ended(answers[0]?.id ?? '')
  await world.close()
})

it.each([
  ['by its log', 'head -c 20000000 /dev/zero; echo unreachable; sleep 60', 1_000_000],
  ['by a file of its own, to the last byte', 'cat /dev/zero > fill; head -c 5000000 /dev/zero; sleep 60', 0],
])('a disk filled %s ends the session with that reason and keeps what was durable', async (_, task, least) => {
  const world = new World()
  mkdirSync(world.paths.sessions, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', world.paths.sessions])
  if (mounted.status !== 0) {
    await world.close()
    throw new Error(`not proved: a full disk needs a small file system, and mounting one needs root: ${mounted.stderr}`)
  }
  try {
    await world.startDaemon()
    const { id } = await world.shell(task, { sandbox: 'off' })
    const ended = await world.ended(id)
    expect(ended.outcome).toMatchObject({ outcome: 'failed', code: 'disk_full' })
    const kept = world.output(id)
    expect(kept.length).toBeGreaterThanOrEqual(least)
    expect(kept.every((byte) => byte === 0)).toBe(true)
    expect(world.running()).toEqual([])
    await world.killDaemon('SIGTERM')
  } finally {
    spawnSync('umount', ['-l', world.paths.sessions])
    await world.close()
  }
})
