import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STATES } from '../../../core/contract/session.ts'
import { canonicalJson } from '../../../core/domain/canonical-json.ts'
import { costOf, moreUsage, NO_USAGE } from '../../../core/domain/money.ts'
import { approveOf, idleSecondsOf, retriesOf, ttlSecondsOf } from '../../../core/domain/session-ends.ts'
import { canMove } from '../../../core/domain/session-moves.ts'
import { titleOf } from '../../../core/domain/session-title.ts'
import { aSession, NOON } from '../../support/samples.ts'

const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString()
const request = (more = {}) => aSession(1, more).request

describe('a title', () => {
  it('is the first line that says something, 80 characters at most', () => {
    expect(titleOf('\n \r\n  add   tests\nand more')).toBe('add tests')
    expect(Array.from(titleOf('é😀'.repeat(100)))).toHaveLength(80)
    expect(titleOf('x'.repeat(80))).toBe('x'.repeat(80))
    expect(titleOf(' \n\t')).toBe('(empty)')
  })

  it('never moves a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (task) => {
        expect(titleOf(task)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      }),
    )
    expect(titleOf('\u001b[31mred\u001b[0m\u202e')).toBe('[31mred [0m')
  })
})

describe('canonical JSON', () => {
  it('is the same for the same value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        // JSON knows no minus zero.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        const turned = JSON.parse(JSON.stringify(value), (_key, member) =>
          typeof member === 'object' && member !== null && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).reverse())
            : member,
        )
        expect(canonicalJson(turned)).toBe(text)
      }),
    )
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}')
  })
})

describe('money', () => {
  it('usage never goes back, in whichever order reports come', () => {
    const usage = fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat(), costUsd: fc.nat() })
    fc.assert(
      fc.property(fc.array(usage), (reports) => {
        const total = (list: typeof reports) => list.reduce((sum, report) => moreUsage(sum, report), NO_USAGE)
        expect(total(reports)).toEqual(total([...reports, ...reports.toReversed()]))
      }),
    )
  })

  it('a machine of your own costs nothing, a bought one by the second and a minute at least', () => {
    const attempts = [
      { number: 1, launchedAt: at(0), endedAt: at(10) },
      { number: 2, launchedAt: at(10) },
    ]
    const session = (more: object) => ({ ...aSession(1, more), attempts, usage: { ...NO_USAGE, costUsd: 0.5 } })
    expect(costOf(session({}), NOON + 3_600_000)).toMatchObject({ computeUsd: 0, agentUsd: 0.5, totalUsd: 0.5 })
    const cloud = costOf(session({ runtime: 'cloud', instance: 'm6i.large' }), NOON + 130_000)
    expect(cloud.computeUsd).toBeCloseTo((180 / 3600) * 0.096)
    const purchase = { instance: 'm6i.large', zone: 'us-east-1a', spot: true, usdPerHour: 0.03, diskGb: 73 }
    const bought = { ...session({ runtime: 'cloud' }), attempts: [{ number: 1, launchedAt: at(0), endedAt: at(3600), purchase }] }
    const { computeUsd, volumeUsd, addressUsd, controlPlaneUsd, agentUsd, totalUsd } = costOf(bought, NOON + 3_600_000)
    expect([computeUsd, volumeUsd, addressUsd, agentUsd]).toEqual([0.03, 0.008, 0.005, 0.5])
    const beside = [{ number: 1, launchedAt: at(0), endedAt: at(3600), purchase: { ...purchase, workspaceGb: 146 } }]
    // Its workspace's disk would cost the same without it.
    expect(costOf({ ...bought, attempts: beside }, NOON + 3_600_000).volumeUsd).toBe(0.008)
    const elsewhere = { ...purchase, usdPerGbMonth: 0.16, usdPerAddressHour: 0.004 }
    const dearer = [{ number: 1, launchedAt: at(0), endedAt: at(3600), purchase: elsewhere }]
    expect(costOf({ ...bought, attempts: dearer }, NOON + 3_600_000)).toMatchObject({ volumeUsd: 0.016, addressUsd: 0.004 })
    expect(controlPlaneUsd).toBeLessThanOrEqual(0.001)
    expect(totalUsd).toBeCloseTo(0.03 + 0.008 + 0.005 + 0.5 + controlPlaneUsd)
  })
})

describe('the ends of a session', () => {
  it('are those of its request, or the usual ones', () => {
    expect([
      ttlSecondsOf(request()),
      ttlSecondsOf(request({ runtime: 'cloud' })),
      ttlSecondsOf(request({ ttlSeconds: 5 })),
    ]).toEqual([null, 3600, 5])
    expect([idleSecondsOf(request()), idleSecondsOf(request({ agent: 'claude' }))]).toEqual([null, 1800])
    expect([retriesOf(request()), retriesOf(request({ agent: 'claude' })), retriesOf(request({ retries: 5 }))]).toEqual([0, 2, 5])
  })

  it('an agent is allowed everything only where it is confined', () => {
    expect([approveOf(request(), true), approveOf(request(), false), approveOf(request({ sandbox: 'off' }), true)]).toEqual([
      'auto',
      'ask',
      'ask',
    ])
    expect([approveOf(request({ runtime: 'cloud' }), false), approveOf(request({ approve: 'deny' }), true)]).toEqual([
      'auto',
      'deny',
    ])
  })

  it('what has ended cannot move, and everything else can come to an end', () => {
    for (const state of STATES) expect(canMove('ended', state)).toBe(false)
    for (const state of STATES) if (state !== 'ended' && state !== 'releasing') expect(canMove(state, 'releasing')).toBe(true)
  })
})
