import { expect } from 'vitest'
import type { CliResult } from '../support/world.ts'

/** What every refusal has: one line that says what, a hint below it, its exit code, nothing on stdout and no stack trace. */
export const expectRefusal = ({ code, stderr, out }: CliResult, exit: number, says: RegExp) => {
  const [first = '', hint = ''] = stderr.split('\n')
  expect(first).toMatch(/^remote: \S/)
  expect(first).toMatch(says)
  expect(hint).toMatch(/^ {2}\S/)
  expect(stderr).not.toMatch(/\n\s+at |node:internal|something unforeseen/)
  expect({ code, out }).toEqual({ code: exit, out: '' })
}
