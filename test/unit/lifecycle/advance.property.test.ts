import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../core/contract/outcome.ts'
import type { Fact } from '../../../core/lifecycle/facts.ts'
import { type Failure, LifecycleModel } from '../../support/lifecycle-model.ts'

const HISTORIES = 10_000
/** Steps after which a session whose world has calmed down must have ended. */
const PATIENCE = 500

const outcome = (word: Outcome['outcome']): Outcome => ({ outcome: word, code: word, reason: word })
const FAILURES: readonly Failure[] = ['retryable before', 'retryable after', 'refused before', 'bug before', 'bug after']

type Move = (model: LifecycleModel, n: number) => unknown

const machineOf = (model: LifecycleModel, n: number) => model.alive[n % Math.max(1, model.alive.length)]?.attempt
const beat = (attempt: number, n: number): Fact => ({
  type: 'beaten',
  attempt,
  beat: {
    position: { attempt, seq: n },
    inboxHandled: n % 3,
    flags: n % 3 === 0 ? { waiting: { for: 'follow_up' } } : {},
    usage: { inputTokens: n, outputTokens: n, costUsd: n / 10 },
  },
})

/** Only a machine that lives says something; it arrives at once, later, often or never. */
const says =
  (fact: (attempt: number, n: number) => Fact): Move =>
  async (model, n) => {
    const attempt = machineOf(model, n)
    if (attempt === undefined) return
    model.sent.push(fact(attempt, n))
    if (n % 4 !== 0) await model.deliver(fact(attempt, n))
  }

/** What can happen next, how often it does, in this world. `n` picks among alternatives. */
const WEIGHTED: readonly [number, Move][] = [
  [2, (model) => model.isIdle && model.read()],
  [2, (model) => model.act()],
  [2, (model) => model.store()],
  [
    6,
    async (model) => {
      if (model.isIdle) model.read()
      await model.act()
      await model.store()
    },
  ],
  [1, (model) => model.crash()],
  [
    1,
    (model, n) => {
      model.failure = FAILURES[n % FAILURES.length]
    },
  ],
  [
    2,
    (model, n) => {
      model.now += (n + 1) * 1000
    },
  ],
  [
    1,
    (model, n) => {
      model.now += (n + 1) * 30_000
    },
  ],
  [5, says((attempt) => ({ type: 'greeted', attempt, version: '1' }))],
  [5, says(beat)],
  [
    1,
    says((attempt, n) => ({
      type: 'finished',
      attempt,
      outcome: outcome(n % 2 === 0 ? 'succeeded' : 'failed'),
      lastSeq: n,
      inboxHandled: 0,
    })),
  ],
  [1, says((attempt, n) => ({ type: 'left', attempt, why: 'taken back', lastSeq: n, inboxHandled: 0 }))],
  [1, (model, n) => model.kill(machineOf(model, n) ?? 0)],
  [
    1,
    (model, n) => {
      const stop: Fact = { type: 'stop-asked', how: n % 2 === 0 ? 'graceful' : 'now', by: 'ada', why: outcome('terminated') }
      model.sent.push(stop)
      return n % 8 === 0 ? model.deliver(stop) : undefined
    },
  ],
  [
    2,
    (model, n) => {
      const fact = model.sent[n % Math.max(1, model.sent.length)]
      return fact && model.deliver(fact)
    },
  ],
  [
    1,
    (model, n) => {
      model.race = model.sent[n % Math.max(1, model.sent.length)]
    },
  ],
  // Somebody noticed that the machine is gone, and it is.
  [
    1,
    (model) => {
      const attempt = model.record.attempts.length
      if (model.machines.get(attempt)?.alive === false) return model.deliver({ type: 'machine-gone', attempt, why: 'killed' })
    },
  ],
]
const MOVES = WEIGHTED.flatMap(([weight, move]) => Array.from({ length: weight }, () => move))

const request = fc.record({
  agent: fc.constantFrom('shell', 'claude'),
  retries: fc.integer({ min: 0, max: 3 }),
  ttlSeconds: fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
  idleSeconds: fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
  maxCostUsd: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  workspace: fc.option(fc.constant('alpha'), { nil: undefined }),
})
const history = fc.array(fc.tuple(fc.nat(MOVES.length - 1), fc.nat(63)), { minLength: 10, maxLength: 60, size: 'max' })

/** Nothing breaks any more, and machines do one thing or the other: the session must come to its end. */
const calmDown = async (model: LifecycleModel, machinesAnswer: boolean) => {
  model.failure = undefined
  for (let step = 0; step < PATIENCE && model.record.state !== 'ended'; step++) {
    await model.act()
    await model.store()
    const todo = model.read()
    if (todo && model.isIdle) model.now = Math.max(model.now, todo.at)
    if (!model.isIdle || model.record.state !== 'running') continue
    const attempt = model.record.attempts.length
    if (machinesAnswer)
      await model.deliver({ type: 'finished', attempt, outcome: outcome('succeeded'), lastSeq: 1, inboxHandled: 0 })
    else model.kill(attempt)
  }
}

describe('the lifecycle in any order of facts, waits, failures and crashes', () => {
  it(`loses no session, starts none twice and releases every attempt, in ${HISTORIES} histories`, async () => {
    const reached = new Map<string, number>()
    const property = fc.asyncProperty(request, history, fc.boolean(), async (asked, moves, machinesAnswer) => {
      const model = new LifecycleModel(asked)
      for (const [move, n] of moves) await MOVES[move]?.(model, n)
      await calmDown(model, machinesAnswer)
      expect(model.record.state, 'the session ends').toBe('ended')
      expect(model.notes.filter(({ what }) => what === 'ended')).toHaveLength(1)
      expect(model.record.attempts.length).toBeLessThanOrEqual(asked.retries + 1)
      const end = `${model.record.outcome?.outcome} after ${model.record.attempts.length}`
      reached.set(end, (reached.get(end) ?? 0) + 1)
    })
    await fc.assert(property, { numRuns: HISTORIES })
    // The histories are worth something only if they get everywhere.
    for (const word of ['succeeded', 'failed', 'terminated', 'lost', 'refused', 'expired', 'over_budget']) {
      expect(
        [...reached.keys()].some((end) => end.startsWith(word)),
        `some history ends ${word}: ${[...reached]}`,
      ).toBe(true)
    }
    expect([...reached.keys()].some((end) => end.endsWith('after 4'))).toBe(true)
  }, 120_000)
})
