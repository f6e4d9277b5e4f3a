import { SELF } from '../contract/audit.ts'
import type { Position } from '../contract/ids.ts'
import type { Session } from '../contract/session.ts'
import { priced } from '../domain/daily-cost.ts'
import { moreUsage } from '../domain/money.ts'
import { machineLost } from './advance-end.ts'
import { type Change, ending, isCurrent, iso, note, unchanged, withAttempt, without } from './change.ts'
import type { Fact } from './facts.ts'
import { PLAN } from './plan.ts'

type Run = Extract<Fact, { type: 'beaten' | 'finished' | 'left' | 'unreachable' | 'inbox-grown' | 'typed' }>
type Report = Pick<Extract<Fact, { type: 'finished' }>, 'usage' | 'agentHandle' | 'inboxHandled' | 'peakMemoryBytes'>

const later = (a: Position | undefined, b: Position): Position =>
  a && (a.attempt > b.attempt || (a.attempt === b.attempt && a.seq > b.seq)) ? a : b

/** What every report of the runner carries. Reports may overtake each other, so nothing ever goes back. */
const reported = (session: Session, report: Report, position: Position, now: number): Session => {
  const usage = moreUsage(session.usage, report.usage)
  const next: Session = {
    ...session,
    heardAt: iso(now),
    position: later(session.position, position),
    inboxHandled: Math.max(session.inboxHandled, report.inboxHandled),
    usage,
  }
  if (report.agentHandle !== undefined) next.agentHandle = report.agentHandle
  if (report.peakMemoryBytes !== undefined) next.peakMemoryBytes = Math.max(session.peakMemoryBytes ?? 0, report.peakMemoryBytes)
  return priced(session, next, now)
}

const waitingOf = (
  session: Session,
  flag: { waiting?: { for: 'follow_up' | 'permission' | 'budget'; what?: string | undefined } | undefined },
  now: number,
) => {
  if (!flag.waiting) return undefined
  const known = session.waiting
  const same = known && known.for === flag.waiting.for && known.what === flag.waiting.what
  return same ? known : { ...flag.waiting, since: iso(now) }
}

const beaten = (session: Session, fact: Extract<Fact, { type: 'beaten' }>, now: number): Change => {
  const { beat } = fact
  const heard = without(reported(session, beat, beat.position, now), 'unreachable', 'trouble', 'waiting')
  const notes = session.unreachable ? [note('heard again')] : []
  const waiting = waitingOf(session, beat.flags, now)
  if (waiting) heard.waiting = waiting
  if (waiting && waiting !== session.waiting)
    notes.push(note('waiting', { for: waiting.for, ...(waiting.what ? { what: waiting.what } : {}) }))
  if (!waiting && session.waiting) notes.push(note('working again'))
  const { maxCostUsd } = session.request
  if (maxCostUsd === undefined || heard.stop || heard.cost.totalUsd < maxCostUsd) return { session: heard, notes }
  const reason = `it cost $${heard.cost.totalUsd.toFixed(2)}, and may cost $${maxCostUsd.toFixed(2)}`
  const stop = {
    how: 'graceful' as const,
    by: SELF,
    at: iso(now),
    why: { outcome: 'over_budget' as const, code: 'max_cost', reason },
  }
  return { session: { ...heard, stop }, notes: [...notes, note('stop asked', { how: 'graceful', code: 'max_cost', reason })] }
}

const finished = (session: Session, fact: Extract<Fact, { type: 'finished' }>, now: number): Change => {
  const { attempt, result, outcome, lastSeq, agentFiles } = fact
  const told = withAttempt(reported(session, fact, { attempt, seq: lastSeq }, now), { lastSeq })
  if (result) told.result = result
  if (agentFiles !== undefined) told.checkpoint = { attempt, agentFiles }
  if (session.state !== 'releasing') {
    return { session: ending(told, outcome, now), notes: [note('finished', { outcome: outcome.outcome, code: outcome.code })] }
  }
  // It got through although it was given up: what it brings home is kept, and it is not run again.
  if (session.ending && (session.result || !result)) return unchanged(session)
  return { session: { ...told, ending: session.ending ?? outcome }, notes: [note('finished late', { code: outcome.code })] }
}

const left = (session: Session, fact: Extract<Fact, { type: 'left' }>, now: number): Change => {
  const { attempt, why, result, agentFiles, lastSeq } = fact
  if (session.checkpoint?.attempt === attempt) return unchanged(session)
  const told = withAttempt(reported(session, fact, { attempt, seq: lastSeq }, now), { lastSeq })
  const kept: Session = { ...told, checkpoint: { attempt, ...(agentFiles !== undefined && { agentFiles }) } }
  if (result) kept.result = result
  const notes = [note('checkpoint', { attempt, ...(result && { commit: result.commit }) })]
  // It got through although its machine was given up: what it left is kept all the same.
  if (session.state === 'releasing') return { session: kept, notes }
  const lost = machineLost(kept, why, now)
  return { ...lost, notes: [...notes, ...lost.notes] }
}

const unreachable = (session: Session, now: number): Change => {
  const silentSince = Date.parse(session.heardAt ?? session.stateSince)
  if (now - silentSince < PLAN.run.heartbeatSeconds * 1000) return unchanged(session)
  const checkedAt = iso(now)
  const quiet = without(session, 'trouble')
  if (session.unreachable) return { session: { ...quiet, unreachable: { ...session.unreachable, checkedAt } }, notes: [] }
  const since = iso(silentSince)
  return { session: { ...quiet, unreachable: { since, checkedAt } }, notes: [note('unreachable', { since })] }
}

export const advanceRun = (session: Session, fact: Run, now: number): Change => {
  if (fact.type === 'inbox-grown') {
    const fresh = fact.items.filter(({ n }) => n > session.inboxLast)
    const last = fresh.at(-1)
    if (!last) return unchanged(session)
    const isOver = session.state === 'ended' || session.ending !== undefined
    const what = isOver ? 'sent too late' : 'sent'
    const notes = fresh.map((item) => note(what, { n: item.n, kind: item.what }, item.by))
    return { session: { ...session, inboxLast: last.n }, notes }
  }
  if (fact.type === 'typed') {
    // Keys mean nothing to any other agent.
    if (session.request.agent !== 'terminal') return unchanged(session)
    return { session: { ...session }, notes: [note('typed', { connection: fact.connection }, fact.by)] }
  }
  if (!isCurrent(session, fact.attempt)) return unchanged(session)
  if (fact.type === 'finished' || fact.type === 'left') {
    if (!['launching', 'booting', 'running', 'releasing'].includes(session.state)) return unchanged(session)
    return fact.type === 'finished' ? finished(session, fact, now) : left(session, fact, now)
  }
  if (session.state !== 'running') return unchanged(session)
  return fact.type === 'beaten' ? beaten(session, fact, now) : unreachable(session, now)
}
