import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogEvent } from '../../core/contract/events.ts'
import type { Position } from '../../core/contract/ids.ts'
import { type Joined, joinFrom, joinLog, type LogInput, type LogJoin } from '../../core/domain/log-join.ts'

const eventsOf = (attempt: number, first: number, last: number): LogEvent[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
    head: { seq: first + index, at: '', type: 'notice', level: 'info', text: `${attempt}.${first + index}` },
  }))
const positions = (attempt: number, first: number, last: number) =>
  eventsOf(attempt, first, last).map(({ head }) => `${attempt}.${head.seq}`)

/** What an attempt wrote, and how much of it is durable when it is sealed. */
type Attempt = { written: number; last: number }
const attempts: fc.Arbitrary<Attempt[]> = fc.array(
  fc
    .record({ written: fc.nat(30), unsealed: fc.nat(5) })
    .map(({ written, unsealed }) => ({ written, last: Math.max(0, written - unsealed) })),
  { minLength: 1, maxLength: 4 },
)

/** A piece of the log as it may arrive: any range of any attempt, backwards too, any number of times; a seal; a new connection. */
type Arrival = { attempt: number; first: number; length: number; backwards: boolean } | { seal: number } | 'reconnect'
const number = fc.integer({ min: 1, max: 4 })
const piece = fc.record({
  attempt: number,
  first: fc.integer({ min: 1, max: 30 }),
  length: fc.integer({ min: 1, max: 8 }),
  backwards: fc.boolean(),
})
const arrivals: fc.Arbitrary<Arrival[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: piece },
    { weight: 1, arbitrary: fc.record({ seal: number }) },
    { weight: 1, arbitrary: fc.constant('reconnect' as const) },
  ),
  { maxLength: 80 },
)

class Viewer {
  readonly seen: string[] = []
  readonly told: string[] = []
  join: LogJoin
  constructor(from: Position) {
    this.join = joinFrom(from)
  }
  take(input: LogInput): Joined {
    const joined = joinLog(this.join, input)
    this.join = joined.join
    for (const { attempt, head } of joined.events) this.seen.push(`${attempt}.${head.seq}`)
    const { unrecorded } = joined
    if (unrecorded) this.told.push(...positions(unrecorded.from.attempt, unrecorded.from.seq, unrecorded.to.seq))
    return joined
  }

  arrive(log: Attempt[], arrival: Arrival, live: boolean) {
    // What is held came over the connection that broke; how far it was joined stays.
    if (arrival === 'reconnect') this.join = { ...this.join, held: [] }
    else if ('seal' in arrival) this.seal(log, arrival.seal)
    else {
      const { attempt, first, length, backwards } = arrival
      const found = log[attempt - 1]
      if (!found) return
      const events = eventsOf(attempt, first, Math.min(live ? found.written : found.last, first + length - 1))
      this.take({ kind: 'events', attempt, events: backwards ? events.reverse() : events })
    }
  }

  seal(log: Attempt[], attempt: number) {
    const found = log[attempt - 1]
    if (found) this.take({ kind: 'sealed', attempt, last: found.last, lost: 'the machine was lost' })
  }

  /** Reads the segments, where everything durable is. */
  heal(log: Attempt[]) {
    for (let { attempt } = this.join.next; attempt <= log.length; attempt++) {
      const last = log[attempt - 1]?.last ?? 0
      this.take({
        kind: 'events',
        attempt,
        events: eventsOf(attempt, this.join.next.attempt === attempt ? this.join.next.seq : 1, last),
      })
      this.seal(log, attempt)
    }
  }
}

it('whatever is lost, doubled, overlapping or out of order on the way, the log is joined whole, each event once, and what was seen in vain is told', () => {
  fc.assert(
    fc.property(attempts, arrivals, (log, arriving) => {
      const viewer = new Viewer({ attempt: 1, seq: 0 })
      for (const arrival of arriving) viewer.arrive(log, arrival, true)
      viewer.heal(log)
      const recorded = log.flatMap(({ last }, index) => positions(index + 1, 1, last))
      const inRecord = new Set(recorded)
      expect(new Set(viewer.seen).size).toBe(viewer.seen.length)
      expect(viewer.seen.filter((position) => inRecord.has(position))).toEqual(recorded)
      expect(viewer.told).toEqual(viewer.seen.filter((position) => !inRecord.has(position)))
    }),
    { numRuns: 3000 },
  )
})

it('a viewer that begins anywhere gets everything from there on', () => {
  fc.assert(
    fc.property(attempts, number, fc.nat(30), arrivals, (log, begin, seq, arriving) => {
      const attempt = Math.min(begin, log.length)
      const viewer = new Viewer({ attempt, seq })
      for (const arrival of arriving) viewer.arrive(log, arrival, false)
      viewer.heal(log)
      const wanted = log.flatMap(({ last }, index) =>
        index + 1 < attempt ? [] : positions(index + 1, index + 1 === attempt ? Math.max(1, seq) : 1, last),
      )
      expect([viewer.seen, viewer.told]).toEqual([wanted, []])
    }),
    { numRuns: 2000 },
  )
})

it('nothing after a hole is given until it is filled', () => {
  const viewer = new Viewer({ attempt: 1, seq: 0 })
  expect(viewer.take({ kind: 'events', attempt: 1, events: eventsOf(1, 4, 6) })).toMatchObject({ events: [], hole: true })
  expect(viewer.take({ kind: 'events', attempt: 1, events: eventsOf(1, 1, 2) }).hole).toBe(true)
  expect(viewer.take({ kind: 'events', attempt: 1, events: eventsOf(1, 3, 3) })).toMatchObject({ hole: false })
  expect(viewer.seen).toEqual(positions(1, 1, 6))
  expect(viewer.take({ kind: 'sealed', attempt: 1, last: 8 }).hole).toBe(true)
  expect(viewer.join.next).toEqual({ attempt: 1, seq: 7 })
})

it('a later attempt shows that something of the one before may be missing', () => {
  const viewer = new Viewer({ attempt: 1, seq: 0 })
  viewer.take({ kind: 'events', attempt: 1, events: eventsOf(1, 1, 2) })
  expect(viewer.take({ kind: 'events', attempt: 2, events: eventsOf(2, 1, 1) })).toMatchObject({ events: [], hole: true })
  viewer.take({ kind: 'sealed', attempt: 1, last: 2 })
  expect(viewer.seen).toEqual(['1.1', '1.2', '2.1'])
})

it('what a lost machine said after its last durable event is told, and not given when it comes late', () => {
  const viewer = new Viewer({ attempt: 1, seq: 0 })
  viewer.take({ kind: 'events', attempt: 1, events: eventsOf(1, 1, 5) })
  const { unrecorded } = viewer.take({ kind: 'sealed', attempt: 1, last: 3, lost: 'killed' })
  expect(unrecorded).toEqual({ from: { attempt: 1, seq: 4 }, to: { attempt: 1, seq: 5 }, why: 'killed' })
  expect(viewer.take({ kind: 'events', attempt: 1, events: eventsOf(1, 6, 7) }).events).toEqual([])
})
