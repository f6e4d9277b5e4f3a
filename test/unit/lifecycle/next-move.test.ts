import { describe, expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { nextMove, overdue } from '../../../core/lifecycle/next-move.ts'
import { aSession, NOON } from '../../support/samples.ts'

const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString()
const attempts = [{ number: 1, launchedAt: at(0) }]
const stop = { how: 'now', by: 'ada', at: at(0), why: { outcome: 'terminated', code: 'terminated', reason: 'x' } } as const
const session = (more: Partial<Session>): Session => ({
  ...aSession(1, { agent: 'claude' }),
  stateSince: at(0),
  attempts,
  ...more,
})
const moveAt = (seconds: number, more: Partial<Session>) => {
  const { next, seconds: wait } = nextMove(session(more), NOON + seconds * 1000, 300)
  return `${next} ${wait}`
}

describe('the next move', () => {
  it('calls what is due, and waits for the next try of what failed', () => {
    expect(['queued', 'placing', 'launching', 'releasing', 'ended'].map((state) => moveAt(0, { state } as Session))).toEqual([
      'Place 1',
      'Place 1',
      'Launch 1',
      'Release 1',
      'Ended 1',
    ])
    const trouble = { tries: 1, code: 'x', reason: 'x', notBefore: at(4) }
    expect([moveAt(1.5, { state: 'releasing', trouble }), moveAt(4, { state: 'releasing', trouble })]).toEqual([
      'Later 3',
      'Release 1',
    ])
  })

  it('waits for a machine as long as one may take to start, and for a running one until a clock ends it', () => {
    expect(moveAt(10, { state: 'booting' })).toBe('Boot 290')
    expect(moveAt(0, { state: 'running' })).toBe('Run 2592000')
    // 30 s for the runner to end itself
    expect(moveAt(0, { state: 'running', expiresAt: at(3600) })).toBe('Run 3630')
    expect(moveAt(0, { state: 'running', expiresAt: at(3600), stop })).toBe('Run 15')
  })

  it('a silence is no end of a clock', () => {
    expect(moveAt(1000, { state: 'running', heardAt: at(0), expiresAt: at(3600) })).toBe('Run 2630')
  })

  it('tells which clock is over', () => {
    const overdueAt = (seconds: number, more: Partial<Session>) => overdue(session(more), NOON + seconds * 1000, 300)
    expect(overdueAt(299, { state: 'booting' })).toBeUndefined()
    expect(overdueAt(300, { state: 'booting' })).toBe('boot')
    expect(overdueAt(3629, { state: 'running', expiresAt: at(3600) })).toBeUndefined()
    expect(overdueAt(3630, { state: 'running', expiresAt: at(3600) })).toBe('ttl')
    expect(overdueAt(15, { state: 'running', expiresAt: at(3600), stop })).toBe('stop')
    expect(overdueAt(9999, { state: 'releasing' })).toBeUndefined()
  })
})
