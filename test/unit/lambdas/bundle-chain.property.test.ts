import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundleChain, type Held } from '../../../lambdas/aws/bundle-chain.ts'

/** Bundles over few commits, so that they need one another in every way, circles included. */
const bundles = fc.array(
  fc.record({ tip: fc.integer({ min: 0, max: 6 }), needs: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }) }),
  { maxLength: 12 },
)
const commit = String

const holdersOf = (all: { tip: number; needs: number[] }[]) => {
  const holders = new Map<string, Held[]>()
  for (const [n, { tip, needs }] of all.entries()) {
    const held = { sha256: `bundle ${n}`, bytes: 1, needs: needs.map(commit) }
    holders.set(commit(tip), [...(holders.get(commit(tip)) ?? []), held])
  }
  return holders
}

/** What can be had at all: grown from bundles that need nothing. */
const reachable = (all: { tip: number; needs: number[] }[]) => {
  const known = new Set<number>()
  for (let before = -1; before !== known.size; ) {
    before = known.size
    for (const { tip, needs } of all) if (needs.every((need) => known.has(need))) known.add(tip)
  }
  return known
}

describe('chains of bundles', () => {
  it('each bundle comes after what it needs, once, and the last holds the commit', () => {
    fc.assert(
      fc.property(bundles, fc.integer({ min: 0, max: 6 }), (all, wanted) => {
        const holders = holdersOf(all)
        const chain = bundleChain(commit(wanted), holders)
        if (!chain) return
        const have = new Set<string>()
        const tips = new Map([...holders].flatMap(([tip, held]) => held.map(({ sha256 }) => [sha256, tip] as const)))
        for (const { sha256, needs } of chain) {
          for (const need of needs) expect(have).toContain(need)
          have.add(tips.get(sha256) ?? '')
        }
        expect(new Set(chain.map(({ sha256 }) => sha256)).size).toBe(chain.length)
        expect(have).toContain(commit(wanted))
      }),
    )
  })

  it('a long line of bundles, and many that need one another, take no time', () => {
    const line = Array.from({ length: 2000 }, (_, n) => ({ tip: n, needs: n === 0 ? [] : [n - 1] }))
    expect(bundleChain('1999', holdersOf(line))).toHaveLength(2000)
    const all = Array.from({ length: 60 }, (_, n) => n)
    const circle = all.flatMap((tip) => [
      { tip, needs: all.filter((other) => other !== tip) },
      { tip, needs: [(tip + 1) % 60] },
    ])
    expect(bundleChain('0', holdersOf(circle))).toBeUndefined()
  })

  it('there is one exactly when the commit can be had', () => {
    fc.assert(
      fc.property(bundles, fc.integer({ min: 0, max: 6 }), (all, wanted) => {
        expect(bundleChain(commit(wanted), holdersOf(all)) !== undefined).toBe(reachable(all).has(wanted))
      }),
    )
  })
})
