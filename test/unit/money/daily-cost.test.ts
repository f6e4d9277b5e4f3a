import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { costByDay, priced, sumOfCosts } from '../../../core/domain/daily-cost.ts'
import { costOf } from '../../../core/domain/money.ts'
import { counted } from '../../../core/domain/spent.ts'
import { aSession } from '../../support/samples.ts'

const LATE = Date.parse('2026-11-20T23:30:00.000Z')
const iso = (ms: number) => new Date(ms).toISOString()
const HOUR = 3_600_000

const launched = (at: number, more: Partial<Session> = {}): Session => ({
  ...aSession(1, { runtime: 'cloud', instance: 'm6i.large' }),
  state: 'running',
  attempts: [
    {
      number: 1,
      machine: 'i-1',
      launchedAt: iso(at),
      purchase: { instance: 'm6i.large', zone: 'us-east-1a', spot: false, usdPerHour: 0.096, diskGb: 40 },
    },
  ],
  ...more,
})

describe('the cost of a day', () => {
  it('is split at midnight UTC by the second', () => {
    const session = launched(LATE)
    const now = LATE + 2 * HOUR
    const days = costByDay(priced(session, session, now))
    expect(days.map(({ day }) => day)).toEqual(['2026-11-20', '2026-11-21'])
    expect(days[0]?.cost.computeUsd).toBeCloseTo(0.048, 9)
    expect(days[1]?.cost.computeUsd).toBeCloseTo(0.144, 9)
    expect(days[0]?.cost.addressUsd).toBeCloseTo(0.0025, 9)
  })

  it('has the tokens of the day on which they were reported', () => {
    const first = priced(
      launched(LATE),
      launched(LATE, { usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.4 } }),
      LATE + 60_000,
    )
    const next = { ...first, usage: { inputTokens: 2, outputTokens: 2, costUsd: 1 } }
    const days = costByDay(priced(first, next, LATE + HOUR))
    expect(days.map(({ cost }) => cost.agentUsd)).toEqual([0.4, 0.6])
  })

  it('days between two reports that are far apart have their own share each', () => {
    const session = launched(LATE)
    const later = priced(session, session, LATE + 72 * HOUR)
    expect(costByDay(later).map(({ cost }) => cost.computeUsd / 0.096)).toEqual([
      expect.closeTo(0.5, 9),
      expect.closeTo(24, 9),
      expect.closeTo(24, 9),
      expect.closeTo(23.5, 9),
    ])
  })

  it('is nothing for what costs nothing', () => {
    const session = { ...aSession(1), state: 'running' as const }
    const after = priced(session, session, LATE + HOUR)
    expect([costByDay(after), after.costDay]).toEqual([[], undefined])
  })

  it('all days together are the cost, whenever it was priced', () => {
    const pauses = fc.array(fc.integer({ min: 1, max: 40 * HOUR }), { minLength: 1, maxLength: 12 })
    const check = (steps: readonly number[]) => {
      let session = launched(LATE)
      let now = LATE
      for (const [n, step] of steps.entries()) {
        now += step
        const usage = { inputTokens: n, outputTokens: n, costUsd: n / 7 }
        session = priced(session, { ...session, usage }, now)
      }
      const days = costByDay(session)
      expect(sumOfCosts(days.map(({ cost }) => cost)).totalUsd).toBeCloseTo(costOf(session, now).totalUsd, 9)
      expect(days.map(({ day }) => day)).toEqual(days.map(({ day }) => day).sort())
      for (const { cost } of days) expect(cost.totalUsd).toBeGreaterThan(0)
    }
    fc.assert(fc.property(pauses, check))
  })
})

describe('what is counted', () => {
  it('is counted again when a cent has come together, and in full at the end', () => {
    const at = (minutes: number) => priced(launched(LATE), launched(LATE), LATE + minutes * 60_000)
    const little = counted(at(2))
    expect(little.spent.amounts).toEqual([])
    expect(little.session.counted).toBeUndefined()
    const more = counted(at(10))
    expect(more.spent.amounts).toEqual([{ day: '2026-11-20', microUsd: Math.round(more.session.cost.totalUsd * 1e6) }])
    const ended = counted({ ...more.session, state: 'ended' })
    expect(ended.spent).toMatchObject({ amounts: [], entries: [{ day: '2026-11-20', session: more.session.id }] })
    const small = counted({ ...at(2), state: 'ended' })
    expect(small.spent.amounts).toHaveLength(1)
  })
})
