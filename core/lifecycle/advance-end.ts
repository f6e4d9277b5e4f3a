import { isCommand } from '../contract/is-command.ts'
import type { Outcome } from '../contract/outcome.ts'
import type { Session } from '../contract/session.ts'
import { priced } from '../domain/daily-cost.ts'
import { type Change, currentAttempt, ending, isCurrent, iso, moved, note, unchanged, withAttempt, without } from './change.ts'
import { deadlineOutcome } from './deadlines.ts'
import type { Fact } from './facts.ts'

type End = Extract<Fact, { type: 'stop-asked' | 'machine-gone' | 'deadline-passed' | 'released' }>

const stopAsked = (session: Session, fact: Extract<Fact, { type: 'stop-asked' }>, now: number): Change => {
  const { how, by, why } = fact
  const asked = { ...session, stop: { how, by, at: iso(now), why: session.stop?.why ?? why } }
  const notes = [note('stop asked', { how, code: why.code, reason: why.reason }, by)]
  if (session.state === 'running') {
    const again = session.stop && (session.stop.how === 'now' || how === 'graceful')
    return again ? unchanged(session) : { session: asked, notes }
  }
  if (session.state !== 'releasing') return { session: ending(asked, why, now), notes }
  return session.ending ? unchanged(session) : { session: { ...asked, ending: why }, notes }
}

/** Undefined: there will be another attempt. */
const endAfterLoss = (session: Session, why: string, now: number): Outcome | undefined => {
  if (session.stop) return session.stop.why
  if (session.expiresAt && Date.parse(session.expiresAt) <= now) return deadlineOutcome(session, 'ttl')
  if (session.retriesLeft > 0) return undefined
  const number = currentAttempt(session)?.number ?? 0
  return { outcome: 'lost', code: 'machine_lost', reason: number > 1 ? `${why}, at attempt ${number}` : why }
}

/** Towards another attempt, or the end. */
export const machineLost = (session: Session, why: string, now: number, log?: string): Change => {
  const lost = withAttempt(session, { lost: why })
  const end = endAfterLoss(session, why, now)
  const notes = [note('machine lost', { attempt: currentAttempt(session)?.number, why, ...(log !== undefined && { log }) })]
  if (end) return { session: ending(lost, end, now), notes }
  return { session: moved(without(lost, 'waiting', 'unreachable'), 'releasing', now), notes }
}

const deadlinePassed = (session: Session, fact: Extract<Fact, { type: 'deadline-passed' }>, now: number): Change => {
  if (!isCurrent(session, fact.attempt)) return unchanged(session)
  if (fact.step === 'boot') {
    return session.state === 'booting'
      ? machineLost(session, 'the machine started but its runner never reported', now)
      : unchanged(session)
  }
  const why = session.state === 'running' ? deadlineOutcome(session, fact.step, now) : undefined
  return why
    ? { session: ending(session, why, now), notes: [note('given up', { step: fact.step, code: why.code })] }
    : unchanged(session)
}

/** What was sent when the agent no longer looked, or before its machine was lost. */
const unhandled = ({ inboxLast, inboxHandled, request }: Session) =>
  inboxLast > inboxHandled && !isCommand(request.agent) ? [note('not handled', { first: inboxHandled + 1, last: inboxLast })] : []

const released = (session: Session, fact: Extract<Fact, { type: 'released' }>, now: number): Change => {
  const attempt = currentAttempt(session)
  if (session.state !== 'releasing' || (attempt?.number ?? 0) !== fact.attempt) return unchanged(session)
  const { lastSeq, handedOn } = fact
  const over = attempt?.endedAt ? session : withAttempt(session, { endedAt: handedOn?.at ?? iso(now), lastSeq })
  const paid = without(priced(session, over, now), 'trouble')
  const expired = session.expiresAt !== undefined && Date.parse(session.expiresAt) <= now
  const why = session.ending ?? (expired ? deadlineOutcome(session, 'ttl') : undefined)
  if (!why) {
    const again = { ...moved(paid, 'placing', now), retriesLeft: session.retriesLeft - 1 }
    return { session: again, notes: [note('trying again', { after: fact.attempt, retriesLeft: again.retriesLeft })] }
  }
  // The reason to end came while the attempt was being released: what outlives attempts is still to be given back.
  if (!fact.settled)
    return { session: { ...paid, ending: why }, notes: attempt?.endedAt ? [] : [note('released', { attempt: fact.attempt })] }
  const ended: Session = { ...moved(paid, 'ended', now), ending: why, outcome: why, endedAt: iso(now) }
  const notes = [...unhandled(session), note('ended', { outcome: why.outcome, code: why.code, reason: why.reason })]
  return { session: ended, notes }
}

export const advanceEnd = (session: Session, fact: End, now: number): Change => {
  switch (fact.type) {
    case 'stop-asked':
      return stopAsked(session, fact, now)
    case 'machine-gone': {
      const there = ['launching', 'booting', 'running'].includes(session.state)
      return there && isCurrent(session, fact.attempt) ? machineLost(session, fact.why, now, fact.log) : unchanged(session)
    }
    case 'deadline-passed':
      return deadlinePassed(session, fact, now)
    case 'released':
      return released(session, fact, now)
  }
}
