import { expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { lost } from '../../../lambdas/aws/find-orphans.ts'
import { aSession, NOON } from '../../support/samples.ts'

const MINUTE = 60_000
const launchedAt = new Date(NOON).toISOString()
const running = (attempt: Partial<Session['attempts'][number]>): Session => ({
  ...aSession(1),
  state: 'running',
  attempts: [{ number: 1, machine: 'i-1', launchedAt, ...attempt }],
})

it('a record whose machine is gone is lost, once the lifecycle had time to notice', () => {
  expect(lost(running({}), new Set(), NOON + 6 * MINUTE)).toMatchObject({
    kind: 'session',
    why: expect.stringContaining('i-1 is gone'),
  })
  expect(lost(running({}), new Set(), NOON + 4 * MINUTE)).toBeUndefined()
})

it('one whose machine is there, has ended or was never launched is not', () => {
  expect(lost(running({}), new Set(['i-1']), NOON + 6 * MINUTE)).toBeUndefined()
  expect(lost(running({ endedAt: launchedAt }), new Set(), NOON + 6 * MINUTE)).toBeUndefined()
  expect(lost(aSession(1), new Set(), NOON + 6 * MINUTE)).toBeUndefined()
})
