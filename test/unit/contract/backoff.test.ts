import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openBackoff } from '../../../core/contract/backoff.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const limits = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 60_000 }))
  .map(([a, b]) => ({ firstMs: Math.min(a, b), longestMs: Math.max(a, b) }))

it('no pause is longer than a limit that doubles with each try up to the longest, and begins again after a success', () => {
  fc.assert(
    fc.property(limits, fc.array(fc.option(random), { maxLength: 60 }), ({ firstMs, longestMs }, steps) => {
      let drawn = 0
      const backoff = openBackoff({ firstMs, longestMs, random: () => drawn })
      let tries = 0
      for (const step of steps) {
        if (step === null) {
          backoff.reset()
          tries = 0
          continue
        }
        drawn = step
        const limit = Math.min(longestMs, firstMs * 2 ** tries++)
        expect(backoff.most()).toBe(limit)
        const ms = backoff.next()
        expect(ms).toBe(step * limit)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(limit)
      }
    }),
  )
})

it('a crowd that was cut off together comes back spread over the whole limit', () => {
  const crowd = Array.from({ length: 2000 }, () => openBackoff({ firstMs: 1000, longestMs: 15_000, random: Math.random }).next())
  // By chance alone a tenth of 2,000 is between 140 and 260: beyond that are six standard deviations.
  for (let tenth = 0; tenth < 10; tenth++) {
    const there = crowd.filter((ms) => ms >= tenth * 100 && ms < (tenth + 1) * 100).length
    expect(there).toBeGreaterThan(120)
    expect(there).toBeLessThan(280)
  }
})
