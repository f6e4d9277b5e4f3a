import type { Position } from '../contract/ids.ts'
import type { Outcome } from '../contract/outcome.ts'
import { SELF } from '../contract/self.ts'
import type { Session } from '../contract/session.ts'
import { credibleUsage } from '../domain/credible-usage.ts'
import { priced } from '../domain/daily-cost.ts'
import { moreUsage } from '../domain/money.ts'
import type { TimelineNote } from '../ports/session-store.ts'
import { machineLost } from './advance-end.ts'
import { type Change, ending, isCurrent, iso, note, unchanged, withAttempt, without } from './change.ts'
import type { Fact } from './facts.ts'
import { PLAN } from './plan.ts'

/** A session that works for a week, and seals a segment every minute, has 10,000. */
export const MOST_STORED_OBJECTS = 50_000
const gb = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GB`

type Run = Extract<Fact, { type: 'beaten' | 'finished' | 'left' | 'unreachable' | 'inbox-grown' | 'typed' }>
type Report = Pick<Extract<Fact, { type: 'finished' }>, 'usage' | 'agentHandle' | 'inboxHandled' | 'peakMemoryBytes'>

const later = (a: Position | undefined, b: Position): Position =>
  a && (a.attempt > b.attempt || (a.attempt === b.attempt && a.seq > b.seq)) ? a : b

/** What every report of the runner carries. Reports may overtake each other, so nothing ever goes back. */
const reported = (session: Session, report: Report, position: Position, now: number): Session => {
  const { usage: told, overUsd } = report.usage ? credibleUsage(session, report.usage, now) : { usage: undefined, overUsd: 0 }
  const next: Session = {
    ...session,
    heardAt: iso(now),
    position: later(session.position, position),
    inboxHandled: Math.max(session.inboxHandled, report.inboxHandled),
    usage: moreUsage(session.usage, told),
  }
  if (overUsd > 0) next.overstatedUsd = Math.max(session.overstatedUsd ?? 0, overUsd)
  if (report.agentHandle !== undefined) next.agentHandle = report.agentHandle
  if (report.peakMemoryBytes !== undefined) next.peakMemoryBytes = Math.max(session.peakMemoryBytes ?? 0, report.peakMemoryBytes)
  return priced(session, next, now)
}

/** Once: afterwards it is in the record. */
const overstated = (before: Session, { overstatedUsd, usage }: Session): TimelineNote[] =>
  overstatedUsd === undefined || before.overstatedUsd !== undefined
    ? []
    : [note('usage not believed', { saidUsd: usage.costUsd + overstatedUsd, countedUsd: usage.costUsd })]

/** Undefined: it goes on. */
const limitOf = ({ request, cost, stored }: Session, mostBytes: number | undefined): Outcome | undefined => {
  const over = (code: string, reason: string): Outcome => ({ outcome: 'over_budget', code, reason })
  const { maxCostUsd } = request
  if (maxCostUsd !== undefined && cost.totalUsd >= maxCostUsd)
    return over('max_cost', `it cost $${cost.totalUsd.toFixed(2)}, and may cost $${maxCostUsd.toFixed(2)}`)
  if (stored && mostBytes !== undefined && stored.bytes > mostBytes)
    return over('max_stored', `it stored ${gb(stored.bytes)}, and may store ${gb(mostBytes)}`)
  if (stored && stored.objects > MOST_STORED_OBJECTS)
    return over('max_stored', `it stored more than ${MOST_STORED_OBJECTS} objects`)
  return undefined
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
  const { beat, stored } = fact
  const heard = without(reported(session, beat, beat.position, now), 'unreachable', 'trouble', 'waiting')
  if (stored) heard.stored = { bytes: stored.bytes, objects: stored.objects, at: iso(now) }
  const notes = [...(session.unreachable ? [note('heard again')] : []), ...overstated(session, heard)]
  const waiting = waitingOf(session, beat.flags, now)
  if (waiting) heard.waiting = waiting
  if (waiting && waiting !== session.waiting)
    notes.push(note('waiting', { for: waiting.for, ...(waiting.what ? { what: waiting.what } : {}) }))
  if (!waiting && session.waiting) notes.push(note('working again'))
  const why = heard.stop ? undefined : limitOf(heard, stored?.mostBytes)
  if (!why) return { session: heard, notes }
  const how = 'graceful' as const
  const asked = note('stop asked', { how, code: why.code, reason: why.reason })
  return { session: { ...heard, stop: { how, by: SELF, at: iso(now), why } }, notes: [...notes, asked] }
}

const finished = (session: Session, fact: Extract<Fact, { type: 'finished' }>, now: number): Change => {
  const { attempt, result, outcome, lastSeq, agentFiles } = fact
  const told = withAttempt(reported(session, fact, { attempt, seq: lastSeq }, now), { lastSeq })
  if (result) told.result = result
  if (agentFiles !== undefined) told.checkpoint = { attempt, agentFiles }
  if (session.state !== 'releasing') {
    const notes = [...overstated(session, told), note('finished', { outcome: outcome.outcome, code: outcome.code })]
    return { session: ending(told, outcome, now), notes }
  }
  // It got through although it was given up: what it brings home is kept, and it is not run again.
  if (session.ending && (session.result || !result)) return unchanged(session)
  return {
    session: { ...told, ending: session.ending ?? outcome },
    notes: [...overstated(session, told), note('finished late', { code: outcome.code })],
  }
}

const left = (session: Session, fact: Extract<Fact, { type: 'left' }>, now: number): Change => {
  const { attempt, why, result, agentFiles, lastSeq } = fact
  if (session.checkpoint?.attempt === attempt) return unchanged(session)
  const told = withAttempt(reported(session, fact, { attempt, seq: lastSeq }, now), { lastSeq })
  const kept: Session = { ...told, checkpoint: { attempt, ...(agentFiles !== undefined && { agentFiles }) } }
  if (result) kept.result = result
  const notes = [...overstated(session, told), note('checkpoint', { attempt, ...(result && { commit: result.commit }) })]
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
