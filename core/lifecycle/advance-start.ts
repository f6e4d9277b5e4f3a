import type { Session } from '../contract/session.ts'
import { ttlSecondsOf } from '../domain/session-ends.ts'
import { type Change, currentAttempt, isCurrent, iso, moved, note, unchanged, withAttempt } from './change.ts'
import type { Fact } from './facts.ts'

type Start = Extract<Fact, { type: 'placed' | 'launched' | 'machine-inherited' | 'greeted' }>

const launched = (session: Session, { machine, purchase }: Extract<Start, { type: 'launched' }>, now: number): Change => {
  const known = currentAttempt(session)
  if (known?.machine !== undefined) return unchanged(session)
  const named = withAttempt(session, { machine, ...(purchase && { purchase }), launchedAt: known?.launchedAt ?? iso(now) })
  const shared = session.request.with
  const notes = [note('launched', { attempt: known?.number, machine, ...purchase, ...(shared && { with: shared }) })]
  return { session: session.state === 'launching' ? moved(named, 'booting', now) : named, notes }
}

const inherited = (session: Session, fact: Extract<Start, { type: 'machine-inherited' }>): Change => {
  const { from, at, launchedAt, purchase } = fact
  const isThere = ['launching', 'booting', 'running'].includes(session.state)
  if (!isThere || currentAttempt(session)?.purchase) return unchanged(session)
  const paying = withAttempt(session, { purchase, inherited: { from, at, launchedAt } })
  return { session: paying, notes: [note('machine taken over', { from, ...purchase })] }
}

const greeted = (session: Session, { version, ssh }: Extract<Start, { type: 'greeted' }>, now: number): Change => {
  const attempt = currentAttempt(session)
  const said = { runnerVersion: version, ...(ssh && { ssh }) }
  if (session.state === 'running') {
    // The runner came back on the same machine.
    const back = withAttempt({ ...session, heardAt: iso(now) }, said)
    return { session: back, notes: [note('runner came back', { attempt: attempt?.number, version })] }
  }
  if (session.state !== 'launching' && session.state !== 'booting') return unchanged(session)
  const ttlSeconds = ttlSecondsOf(session.request)
  const met = withAttempt(session, {
    launchedAt: attempt?.launchedAt ?? iso(now),
    greetedAt: iso(now),
    ...said,
  })
  const running: Session = { ...moved(met, 'running', now), heardAt: iso(now) }
  // Counted from the first time it ran: a lost machine does not buy more time.
  if (ttlSeconds !== null && !running.expiresAt) running.expiresAt = iso(now + ttlSeconds * 1000)
  return { session: running, notes: [note('running', { attempt: attempt?.number, runner: version })] }
}

export const advanceStart = (session: Session, fact: Start, now: number): Change => {
  if (fact.type === 'placed') {
    if (session.state !== 'queued' && session.state !== 'placing') return unchanged(session)
    const number = session.attempts.length + 1
    const next = { ...moved(session, 'launching', now), attempts: [...session.attempts, { number }] }
    return { session: next, notes: [note('placed', { attempt: number, runtime: session.request.runtime })] }
  }
  if (!isCurrent(session, fact.attempt)) return unchanged(session)
  if (fact.type === 'machine-inherited') return inherited(session, fact)
  return fact.type === 'launched' ? launched(session, fact, now) : greeted(session, fact, now)
}
