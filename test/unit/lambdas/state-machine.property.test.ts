import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Fact } from '../../../core/lifecycle/facts.ts'
import { aSession, NOON } from '../../support/samples.ts'
import { StateMachineModel } from '../../support/state-machine-model.ts'

const HISTORIES = 3000
/** Transitions after which a session whose world has calmed down must have ended. */
const PATIENCE = 400

const succeeded = { outcome: 'succeeded', code: 'exit', reason: 'it ended with 0' } as const
const terminated = { outcome: 'terminated', code: 'terminated', reason: 'by ada' } as const

const open = async (more: Parameters<typeof aSession>[1] = {}) => {
  const session = aSession(1, { runtime: 'cloud', instance: 't3.small', ...more })
  const model = new StateMachineModel(session.id)
  await model.ports.sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  const record = async () => {
    const found = await model.ports.sessions.get(session.id)
    if (!found) throw new Error('the record is lost')
    return found
  }
  const attempt = async () => (await record()).attempts.length
  const isAlive = async () => model.ports.compute.alive(session.id).some((machine) => machine.attempt >= 1)
  return { model, id: session.id, record, attempt, isAlive }
}
type World = Awaited<ReturnType<typeof open>>

const beat = (attempt: number): Fact => ({
  type: 'beaten',
  attempt,
  beat: { position: { attempt, seq: 1 }, inboxHandled: 0, flags: {} },
})

/** A runner says something only while its machine lives. */
const says = (fact: (attempt: number) => Fact) => async (world: World, n: number) => {
  if (await world.isAlive()) await world.model.hear(fact(await world.attempt()), n % 5 === 0)
}

const EVENTS: readonly ((world: World, n: number) => unknown)[] = [
  ({ model }) => model.tick(),
  ({ model }) => model.tick(),
  ({ model }) => model.tick(),
  ({ model }) => model.passTime(),
  ({ model }, n) => model.ports.clock.pass(n),
  ({ model }, n) => {
    model.fault = n % 2 === 0 ? 'lost' : 'silent'
  },
  says((attempt) => ({ type: 'greeted', attempt, version: '1' })),
  says(beat),
  says((attempt) => ({ type: 'finished', attempt, outcome: succeeded, lastSeq: 1, inboxHandled: 0 })),
  async (world) => world.model.ports.compute.die(world.id, await world.attempt()),
  ({ model }, n) => n % 4 === 0 && model.hear({ type: 'stop-asked', how: 'graceful', by: 'ada', why: terminated }),
]

const calmDown = async (world: World) => {
  world.model.fault = undefined
  for (let step = 0; step < PATIENCE && (await world.record()).state !== 'ended'; step++) await world.model.passTime()
}

describe('the state machine', () => {
  it('walks a clean session in at most 12 transitions, its choices and its start included', async () => {
    const { model, record, attempt } = await open()
    await model.tick()
    await model.tick()
    await model.tick()
    expect([model.at, model.isWaiting]).toEqual(['Boot', true])
    await model.hear({ type: 'greeted', attempt: await attempt(), version: '1' })
    await model.tick()
    for (let n = 0; n < 100; n++) {
      model.ports.clock.pass(30)
      await model.hear(beat(1))
      await model.tick()
    }
    expect([model.at, model.isWaiting]).toEqual(['Run', true])
    await model.hear({ type: 'finished', attempt: 1, outcome: succeeded, lastSeq: 1, inboxHandled: 0 })
    await model.tick()
    expect([model.at, (await record()).outcome?.outcome]).toEqual(['Ended', 'succeeded'])
    // Every state but the last is followed by the one choice.
    expect(model.transitions * 2 + 2).toBeLessThanOrEqual(12)
  })

  it('a runner that is not heard of is asked after, and only one that is gone is given up', async () => {
    const { model, record, id } = await open({ ttlSeconds: 3600 })
    for (let n = 0; n < 3; n++) await model.tick()
    await model.hear({ type: 'greeted', attempt: 1, version: '1' })
    await model.tick()
    await model.passTime()
    expect(model.at).toBe('Find')
    await model.tick()
    expect([model.at, (await record()).unreachable !== undefined]).toEqual(['Run', true])
    model.ports.compute.die(id, 1)
    for (let n = 0; n < 5 && (await record()).state !== 'ended'; n++) await model.passTime()
    expect((await record()).outcome).toMatchObject({ outcome: 'lost' })
  })

  it('a wait ends sooner when an end comes nearer', async () => {
    const { model, record } = await open()
    for (let n = 0; n < 3; n++) await model.tick()
    await model.hear({ type: 'greeted', attempt: 1, version: '1' })
    await model.tick()
    await model.hear({ type: 'stop-asked', how: 'now', by: 'ada', why: terminated })
    for (let n = 0; n < 6 && (await record()).state !== 'ended'; n++) await model.passTime()
    expect((await record()).outcome).toMatchObject({ outcome: 'terminated' })
    // 15 s for a runner to end by itself, not the hour of its ttl
    expect(model.ports.clock.now() - NOON).toBeLessThan(100_000)
  })

  it(`loses no session, starts none twice and releases every attempt, in ${HISTORIES} histories`, async () => {
    const history = fc.array(fc.tuple(fc.nat(EVENTS.length - 1), fc.nat(200)), { minLength: 5, maxLength: 50, size: 'max' })
    const asked = fc.record({ agent: fc.constantFrom('shell', 'claude'), ttlSeconds: fc.integer({ min: 1, max: 7200 }) })
    const reached = new Set<string>()
    await fc.assert(
      fc.asyncProperty(asked, history, async (more, events) => {
        const world = await open(more)
        for (const [event, n] of events) {
          await EVENTS[event]?.(world, n)
          expect(world.model.ports.compute.alive(world.id).length, 'one machine at a time').toBeLessThanOrEqual(1)
        }
        await calmDown(world)
        const { state, outcome, attempts } = await world.record()
        expect(state, 'the session ends').toBe('ended')
        expect(world.model.ports.compute.alive(world.id), 'nothing is left running').toEqual([])
        expect(attempts.every(({ endedAt }) => endedAt !== undefined)).toBe(true)
        reached.add(outcome?.outcome ?? '')
      }),
      { numRuns: HISTORIES },
    )
    expect([...reached].toSorted()).toEqual(expect.arrayContaining(['expired', 'lost', 'succeeded', 'terminated']))
  })
})
