import type { Clock } from '../../../core/ports/clock.ts'
import { NOON } from '../samples.ts'

/** Time that passes when a test says so. */
export class ManualClock implements Clock {
  #now = NOON
  now() {
    return this.#now
  }
  pass(seconds: number) {
    this.#now += seconds * 1000
  }
  /** Never back. */
  passUntil(ms: number) {
    this.#now = Math.max(this.#now, ms)
  }
}
