import fc from 'fast-check'
import { expect, it } from 'vitest'
import { oneLine, printable } from '../../../cli/output/printable.ts'

it('escape sequences, control characters and changes of direction do not reach the terminal', () => {
  expect(printable('\u001b[31mred\u001b[0m \u001b]0;title\u0007a\u0008b\u202ec')).toBe('red abc')
  expect(printable('a\r\nb\rc\td')).toBe('a\nb\nc\td')
})

it('no text whatsoever leaves a control character but tab and line break', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[^\P{Cc}\n\t]/u)
    }),
    { numRuns: 2000 },
  )
})

it('as one line, a text of several lines has no line break left', () => {
  expect(oneLine(' a\n\tb\u001b[1m  c ')).toBe('a b c')
})
