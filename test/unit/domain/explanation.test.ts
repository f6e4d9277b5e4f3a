import { describe, expect, it } from 'vitest'
import { type Session, STATES } from '../../../core/contract/session.ts'
import { explanation } from '../../../core/domain/explanation.ts'
import { aSession, NOON } from '../../support/samples.ts'

const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString()
const explain = (more: Partial<Session>, seconds = 600) =>
  explanation({ ...aSession(1, { agent: 'claude' }), ...more }, NOON + seconds * 1000)
const lost = [{ number: 1, lost: 'killed', endedAt: at(1) }]

describe('an explanation', () => {
  it.each(STATES)('of a session that is %s says something and what can be done', (state) => {
    const { says, next } = explain({ state })
    expect(says.length).toBeGreaterThan(0)
    for (const sentence of says) expect(sentence).toMatch(/^[A-Z].*[.]$/)
    expect(next.every((command) => command.startsWith('remote '))).toBe(true)
    expect(JSON.stringify(says)).not.toMatch(/undefined|NaN/)
  })

  it('of a waiting session begins with what it waits for', () => {
    const { says, next } = explain({ state: 'running', waiting: { for: 'permission', since: at(540), what: 'rm -r build' } })
    expect(says[0]).toBe('It has waited for a permission for 60 s: rm -r build.')
    expect(next.slice(0, 2)).toEqual(['remote send s-0000000001 --approve', 'remote send s-0000000001 --deny'])
    expect(explain({ state: 'running', waiting: { for: 'follow_up', since: at(540) } }).says.join(' ')).toContain(
      'ends in 29 min',
    )
  })

  it('of a session that does not stop says who asked, when, and what is next', () => {
    const why = { outcome: 'terminated', code: 'terminated', reason: 'terminated by ada' } as const
    const { says, next } = explain({ state: 'running', stop: { how: 'graceful', by: 'ada', at: at(595), why } })
    expect(says[0]).toBe(
      'It is stopping: terminated by ada. Asked by ada 5 s ago; it may finish its step and save its work first.',
    )
    expect(next).toContain('remote terminate s-0000000001 --now')
  })

  it('tells silence, trouble and lost attempts', () => {
    expect(explain({ state: 'running', unreachable: { since: at(300) } }).says[0]).toContain('for 5 min')
    const trouble = { tries: 2, code: 'unavailable', reason: 'no room', notBefore: at(604) }
    expect(explain({ state: 'launching', trouble }).says.slice(0, 2)).toEqual([
      'It does not get on: no room (unavailable).',
      'That was tried 2 times, and will be again in 4 s.',
    ])
    expect(explain({ state: 'releasing', attempts: lost, retriesLeft: 2 }).says[0]).toContain('tries left: 2')
    expect(explain({ state: 'placing', attempts: lost }).says[0]).toContain('Attempt 1 was lost')
  })

  it('tells what a machine said that cannot be', () => {
    const usage = { inputTokens: 1, outputTokens: 1, costUsd: 10 }
    for (const state of ['running', 'ended'] as const)
      expect(explain({ state, usage, overstatedUsd: 990 }).says).toContain(
        'Its machine says that its agent cost $990.00 more than any can have: that is not counted, $10.00 are.',
      )
  })

  it('of the end says how, after how many attempts, and where the result is', () => {
    const outcome = { outcome: 'over_budget', code: 'max_cost', reason: 'it cost $2' } as const
    const result = { branch: 'remote/x', base: 'a', commit: 'b', files: 2, insertions: 3, deletions: 1 }
    const { says, next } = explain({ state: 'ended', outcome, endedAt: at(480), attempts: [...lost, { number: 2 }], result })
    expect(says).toEqual([
      'It ended 2 min ago, over budget (max_cost): it cost $2.',
      'It took 2 attempts.',
      'Attempt 1 was lost: killed.',
      'Its result is on remote/x: 2 files, +3 −1.',
    ])
    expect(next).toContain('remote pull s-0000000001')
  })

  it('of one file is said as of one, and a reason that is a sentence ends once', () => {
    const outcome = { outcome: 'succeeded', code: 'exit', reason: 'The command exited with 0.' } as const
    const result = { branch: 'remote/x', base: 'a', commit: 'b', files: 1, insertions: 1, deletions: 0 }
    expect(explain({ state: 'ended', outcome, result }).says).toEqual([
      'It ended, succeeded (exit): The command exited with 0.',
      'Its result is on remote/x: 1 file, +1 −0.',
    ])
  })
})
