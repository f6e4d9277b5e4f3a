import { describe, expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { due } from '../../../core/lifecycle/due.ts'
import { aSession, NOON } from '../../support/samples.ts'

const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString()
const why = { outcome: 'terminated', code: 'terminated', reason: 'x' } as const
const running: Partial<Session> = {
  state: 'running',
  stateSince: at(0),
  heardAt: at(0),
  attempts: [{ number: 1, launchedAt: at(0) }],
}
/** In seconds after noon. */
const dueFor = (more: Partial<Session>, listeningSeconds = 0) => {
  const todo = due({ ...aSession(1, { agent: 'claude' }), ...more }, NOON + listeningSeconds * 1000)
  return todo && [todo.step, todo.at === 0 ? 'now' : (todo.at - NOON) / 1000]
}

describe('what is due', () => {
  it('calls are due at once, or when their trouble is over', () => {
    expect(dueFor({ state: 'queued' })).toEqual(['place', 'now'])
    expect(dueFor({ state: 'launching' })).toEqual(['launch', 'now'])
    expect(dueFor({ state: 'releasing', trouble: { tries: 1, code: 'x', reason: 'x', notBefore: at(4) } })).toEqual([
      'release',
      4,
    ])
    expect(dueFor({ state: 'ended' })).toBeUndefined()
  })

  it('a machine has a minute to report', () => {
    expect(dueFor({ ...running, state: 'booting' })).toEqual(['boot', 60])
  })

  it('after 75 seconds of silence compute is asked, and again every 75 seconds', () => {
    expect(dueFor(running)).toEqual(['find', 75])
    expect(dueFor({ ...running, unreachable: { since: at(0), checkedAt: at(75) } })).toEqual(['find', 150])
  })

  it('what could not be heard counts as silence only from when somebody listened', () => {
    expect(dueFor(running, 1000)).toEqual(['find', 1075])
    expect(dueFor({ ...running, state: 'booting' }, 1000)).toEqual(['boot', 1060])
    expect(dueFor({ ...running, expiresAt: at(10) }, 1000)).toEqual(['ttl', 1030])
  })

  it('the earliest end comes first', () => {
    expect(dueFor({ ...running, expiresAt: at(10) })).toEqual(['ttl', 40])
    expect(dueFor({ ...running, expiresAt: at(10), stop: { how: 'now', by: 'ada', at: at(5), why } })).toEqual(['stop', 20])
    expect(dueFor({ ...running, stop: { how: 'graceful', by: 'ada', at: at(5), why } })).toEqual(['stop', 65])
    expect(dueFor({ ...running, heardAt: at(1850), waiting: { for: 'follow_up', since: at(0) } })).toEqual(['idle', 1860])
    expect(dueFor({ ...running, heardAt: at(1850), waiting: { for: 'permission', since: at(0) } })).toEqual(['find', 1925])
  })
})
