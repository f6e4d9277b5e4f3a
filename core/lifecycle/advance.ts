import type { Session } from '../contract/session.ts'
import { advanceEnd } from './advance-end.ts'
import { advanceFailure } from './advance-failure.ts'
import { advanceRun } from './advance-run.ts'
import { advanceStart } from './advance-start.ts'
import type { Change } from './change.ts'
import type { Fact } from './facts.ts'

const decide = (session: Session, fact: Fact, now: number): Change => {
  switch (fact.type) {
    case 'placed':
    case 'launched':
    case 'machine-inherited':
    case 'greeted':
      return advanceStart(session, fact, now)
    case 'beaten':
    case 'finished':
    case 'left':
    case 'unreachable':
    case 'inbox-grown':
    case 'typed':
      return advanceRun(session, fact, now)
    case 'stop-asked':
    case 'machine-gone':
    case 'deadline-passed':
    case 'released':
      return advanceEnd(session, fact, now)
    case 'step-failed':
      return advanceFailure(session, fact, now)
  }
}

/**
 * The whole lifecycle: what a fact makes of a record. Pure. A fact that is late, doubled or about another attempt changes nothing,
 * and then the answer holds the very same record; otherwise one with the next version and what to note about it.
 */
export const advance = (session: Session, fact: Fact, now: number): Change => {
  if (session.state === 'ended') return { session, notes: [] }
  const change = decide(session, fact, now)
  if (change.session === session) return change
  return { ...change, session: { ...change.session, version: session.version + 1 } }
}
