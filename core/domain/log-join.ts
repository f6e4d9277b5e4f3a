import type { LogEvent } from '../contract/events.ts'
import type { Position } from '../contract/ids.ts'

/** An event with the attempt it is of. */
export type Placed = LogEvent & { attempt: number }
type Seal = { last: number; lost: string | undefined }

/** How far a log has been joined. A value: nothing changes it. */
export type LogJoin = {
  /** The first position still wanted. */
  readonly next: Position
  /** Where giving out began in the attempt of `next`. */
  readonly start: number
  /** Arrived, but something before it has not. In order. */
  readonly held: readonly Placed[]
  readonly seals: ReadonlyMap<number, Seal>
}

/** What arrives: events of one attempt, from segments or live; or where an attempt's log ends. */
export type LogInput =
  | { kind: 'events'; attempt: number; events: readonly LogEvent[] }
  | { kind: 'sealed'; attempt: number; last: number; lost?: string | undefined }

export type Joined = {
  join: LogJoin
  /** What comes next, in order: never twice, never with a hole. */
  events: Placed[]
  /** Given out before, but not in the record: the machine was lost before they were durable. */
  unrecorded?: { from: Position; to: Position; why: string }
  /** Something before what has arrived is missing: it is in segments. */
  hole: boolean
}

export const joinFrom = (from: Position): LogJoin => {
  const seq = Math.max(1, from.seq)
  return { next: { attempt: from.attempt, seq }, start: seq, held: [], seals: new Map() }
}

const compare = (a: Placed, b: Placed) => a.attempt - b.attempt || a.head.seq - b.head.seq

const sealed = ({ seals, next }: LogJoin, input: LogInput): ReadonlyMap<number, Seal> =>
  input.kind === 'sealed' && input.attempt >= next.attempt
    ? new Map([...seals, [input.attempt, { last: input.last, lost: input.lost }]])
    : seals

/** What was held and what has arrived, in order, without what is not in the record: a lost machine's last words. */
const inOrder = ({ held }: LogJoin, input: LogInput, seals: ReadonlyMap<number, Seal>): Placed[] => {
  const arrived =
    input.kind === 'events'
      ? input.events.map(({ head, bytes }): Placed => ({ attempt: input.attempt, head, ...(bytes ? { bytes } : {}) }))
      : []
  const all = [...held, ...arrived]
  const isOrdered = all.every((event, index) => index === 0 || compare(all[index - 1] ?? event, event) < 0)
  return (isOrdered ? all : all.sort(compare)).filter(({ attempt, head }) => head.seq <= (seals.get(attempt)?.last ?? head.seq))
}

/**
 * Joins what segments and live frames bring into one log. Both may overlap, repeat, arrive out of order or leave holes, and a
 * connection may break at any time: what is given out is the log from where it began, each event once.
 */
export const joinLog = (join: LogJoin, input: LogInput): Joined => {
  const seals = sealed(join, input)
  const waiting = inOrder(join, input, seals)
  const events: Placed[] = []
  let { attempt, seq } = join.next
  let { start } = join
  let unrecorded: Joined['unrecorded']
  let index = 0
  for (;;) {
    for (let event = waiting[index]; event && isUpTo(event, attempt, seq); event = waiting[++index]) {
      if (event.attempt < attempt || event.head.seq < seq) continue
      events.push(event)
      seq += 1
    }
    const seal = seals.get(attempt)
    if (!seal || seq <= seal.last) break
    const first = Math.max(seal.last + 1, start)
    if (first < seq)
      unrecorded = { from: { attempt, seq: first }, to: { attempt, seq: seq - 1 }, why: seal.lost ?? 'its log ends before it' }
    attempt += 1
    seq = 1
    start = 1
  }
  const held = waiting.slice(index)
  const isAhead = held.length > 0 || [...seals.keys()].some((one) => one >= attempt)
  const kept = [...seals].every(([one]) => one >= attempt) ? seals : new Map([...seals].filter(([one]) => one >= attempt))
  return {
    join: { next: { attempt, seq }, start, held, seals: kept },
    events,
    ...(unrecorded ? { unrecorded } : {}),
    hole: isAhead,
  }
}

const isUpTo = ({ attempt, head }: Placed, wanted: number, seq: number) =>
  attempt < wanted || (attempt === wanted && head.seq <= seq)
