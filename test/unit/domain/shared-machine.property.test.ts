import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  close,
  confirm,
  finish,
  join,
  launchedFor,
  liveOn,
  neighboursOf,
  part,
  type SharedMachine,
} from '../../../core/domain/shared-machine.ts'
import { sessionId } from '../../support/samples.ts'

const work = (n: number) => ({ session: sessionId(n), attempt: 1 })
const SESSIONS = 4
const step = fc.record({
  what: fc.constantFrom('join', 'finish', 'end', 'obey', 'close') as fc.Arbitrary<'join' | 'finish' | 'end' | 'obey' | 'close'>,
  who: fc.integer({ min: 1, max: SESSIONS }),
})
type Step = { what: 'join' | 'finish' | 'end' | 'obey' | 'close'; who: number }

/** The store's record, EC2's machine and the machine's own runners, through every order of coming and going. */
class World {
  shared: SharedMachine = launchedFor(work(1))
  isOn = true
  readonly joined = new Set([1])
  readonly released = new Set<number>()

  take({ what, who }: Step) {
    const before = this.shared
    if (what === 'join') this.#join(who)
    if (what === 'finish' && this.joined.has(who)) this.shared = finish(this.shared, work(who))
    if (what === 'end') this.#end(who)
    if (what === 'obey') this.shared = confirm(this.shared, neighboursOf(this.shared)?.end ?? [])
    if (what === 'close') this.shared = close(this.shared)
    if (before.closed) expect(this.shared.closed, 'what is going does not come back').toBe(true)
    if (this.isOn && this.joined.size > 0 && !this.shared.closed)
      expect(liveOn(this.shared).length, 'a machine that takes others has a runner that starts them').toBeGreaterThan(0)
  }

  #join(who: number) {
    const after = join(this.shared, { ...work(who), ttlSeconds: 60 })
    // One that is there stays, also when its launch is heard of again.
    if (typeof after === 'string' || this.joined.has(who)) return
    expect(this.isOn, 'nobody joins a machine that was terminated').toBe(true)
    expect(this.released.has(who), 'nobody joins who was ended').toBe(false)
    this.joined.add(who)
    this.shared = after
  }

  #end(who: number) {
    const { machine, next } = part(this.shared, work(who))
    this.shared = machine
    if (next === 'ending') return
    this.released.add(who)
    if (next === 'last') this.isOn = false
    const others = liveOn(machine)
    if (next === 'last') expect(others, 'a machine is not ended under those who work there').toEqual([])
  }
}

it('whoever comes and goes in whatever order, the machine lives while somebody works there, and no longer', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World()
      for (const one of steps) world.take(one)
      // Everybody's release goes on until it succeeds; the machine's runners obey while there are any.
      for (let round = 0; round < SESSIONS + 1; round++) {
        world.take({ what: 'obey', who: 1 })
        for (const who of world.joined) world.take({ what: 'end', who })
      }
      expect([...world.joined].every((who) => world.released.has(who))).toBe(true)
      expect(world.isOn).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

it('of two that end at once, whichever is stored second is the last', () => {
  const both = join(launchedFor(work(1)), { ...work(2), ttlSeconds: null })
  if (typeof both === 'string') throw new Error(both)
  const first = part(finish(both, work(1)), work(1))
  expect(first.next).toBe('parted')
  expect(part(finish(first.machine, work(2)), work(2)).next).toBe('last')
})
