import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseCount } from '../../../cli/values/count.ts'
import { parseDuration, shownDuration } from '../../../cli/values/duration.ts'
import { parseMoney, shownMoney } from '../../../cli/values/money.ts'
import { parseSize, shownSize } from '../../../cli/values/size.ts'
import { RemoteError } from '../../../core/contract/remote-error.ts'

it('durations are seconds, minutes, hours and days, also together', () => {
  const read = ['90s', '30m', '4h', '2d', '1h30m', '1.5h', '1w'].map((text) => parseDuration(text, '--ttl'))
  expect(read).toEqual([90, 1800, 14_400, 172_800, 5400, 5400, 604_800])
})

it('sizes are powers of 1024, in any case', () => {
  expect(['1kb', '100gb', '1.5TB', '512 MB', '10b', '2GiB'].map((text) => parseSize(text, '--size'))).toEqual([
    1024,
    100 * 1024 ** 3,
    1.5 * 1024 ** 4,
    512 * 1024 ** 2,
    10,
    2 * 1024 ** 3,
  ])
})

it('money is US dollars above zero', () => {
  expect(['0.50', '2', '$10.25'].map((text) => parseMoney(text, '--max-cost'))).toEqual([0.5, 2, 10.25])
})

const parsers = { duration: parseDuration, size: parseSize, money: parseMoney, count: parseCount }

it.each(Object.entries(parsers))('what is no %s is refused with its own words and a hint, whatever it is', (_, parse) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      try {
        expect(parse(text, '--flag')).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(RemoteError)
        expect(error).toMatchObject({ code: 'usage', hint: expect.stringMatching(/.+/) })
      }
    }),
    { numRuns: 2000 },
  )
})

it('nothing, a sign, a unit alone and words are no values', () => {
  for (const text of ['', '-5', 's', 'h30m', '5', '5 minutes', '0s', '1e3s', 'NaN', 'Infinity'])
    expect(() => parseDuration(text, '--ttl'), text).toThrow(/is not a duration/)
  for (const text of ['', 'gb', '-1gb', '10', '10xb', '0gb'])
    expect(() => parseSize(text, '--size'), text).toThrow(/is not a size/)
  for (const text of ['', '0', '-1', '1,50', '1e2', '0.00001', 'free'])
    expect(() => parseMoney(text, '--max-cost'), text).toThrow(/is not an amount of money/)
})

it('values are shown as people say them', () => {
  expect([900, 61_000, 3_600_000, 7_500_000, 90_000_000].map(shownDuration)).toEqual(['0s', '1m 1s', '1h', '2h 5m', '1d 1h'])
  expect([0, 512, 1536, 20 * 1024 ** 3, 123 * 1024 ** 2].map(shownSize)).toEqual(['0 B', '512 B', '1.5 KB', '20 GB', '123 MB'])
  expect([0, 0.0042, 0.5, 12].map(shownMoney)).toEqual(['$0.00', '$0.0042', '$0.50', '$12.00'])
})
