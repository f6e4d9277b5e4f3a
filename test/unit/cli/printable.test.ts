import fc from 'fast-check'
import { expect, it } from 'vitest'
import { oneLine, printable } from '../../../cli/output/printable.ts'
import { sayError } from '../../../cli/output/say-error.ts'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import { testIo } from '../../cli/test-io.ts'

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

it('an error that quotes a machine does not act upon the terminal', async () => {
  const { io, printed } = testIo({ env: { NO_COLOR: '1' }, home: '/' })
  await sayError(io, new RemoteError('refused', 'it said \u001b]0;owned\u0007no', { hint: 'then \u009b2J' }), false)
  expect(printed.err).toBe('remote: it said no\n  then \n')
})
