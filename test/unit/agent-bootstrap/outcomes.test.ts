import { expect, it } from 'vitest'
import { presentable, presentableWaiting } from '../../../agent-bootstrap/outcomes.ts'
import { Outcome } from '../../../core/contract/outcome.ts'
import { Flags } from '../../../core/contract/runner.ts'
import { prepareRedaction } from '../../../core/domain/redaction.ts'

const redaction = prepareRedaction([{ name: 'A_RATHER_LONG_NAME', value: 'shortone' }])
const said = 'shortone '.repeat(222)

it('what a session waits for is not longer than the contract takes, although it grows when secrets are hidden', () => {
  const waiting = presentableWaiting({ for: 'permission', what: said }, redaction)
  expect(Flags.safeParse({ waiting }).success).toBe(true)
  expect(waiting?.what).toMatch(/^\[redacted:A_RATHER_LONG_NAME\] /)
  expect(presentableWaiting(undefined, redaction)).toBeUndefined()
})

it('neither is the reason of an outcome', () => {
  expect(Outcome.safeParse(presentable({ outcome: 'failed', code: 'x', reason: said }, redaction)).success).toBe(true)
})
