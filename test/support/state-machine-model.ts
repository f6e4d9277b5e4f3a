import { applyFact } from '../../core/lifecycle/apply-fact.ts'
import type { Fact } from '../../core/lifecycle/facts.ts'
import type { Answer } from '../../lambdas/aws/callbacks.ts'
import type { Wait, WaitStore } from '../../lambdas/aws/dynamo-wait-store.ts'
import { type StepEvent, takeStep } from '../../lambdas/aws/take-step.ts'
import { wakeWaiting } from '../../lambdas/aws/wake-waiting.ts'
import { fakePorts } from './fakes/fake-ports.ts'

export const BOOT_SECONDS = 300
const HEARTBEAT_MS = 75_000

const memoryWaits = (): WaitStore => {
  const waits = new Map<string, Wait>()
  return {
    put: async (session, wait) => void waits.set(session, wait),
    get: async (session) => waits.get(session),
    remove: async (session, token) => {
      if (waits.get(session)?.token === token) waits.delete(session)
    },
  }
}

/** The generated state machine for one session, over fakes: walked one transition at a time, with callbacks that may come at any moment. */
export class StateMachineModel {
  readonly ports = fakePorts()
  readonly wake: (session: string) => Promise<void>
  transitions = 0
  /** The next call of the step function dies before (`lost`) or after (`silent`) it did its work. */
  fault: 'lost' | 'silent' | undefined
  #state: Answer
  #waiting: { token: string; until: number; heardUntil: number } | undefined
  #tokens = 0
  readonly #step: (event: StepEvent) => Promise<Answer>

  constructor(session: string) {
    const waits = memoryWaits()
    const callbacks = {
      succeed: async (token: string, answer: Answer) => {
        if (this.#waiting?.token !== token) return false
        this.#waiting = undefined
        this.#state = answer
        return true
      },
      beat: async (token: string) => {
        if (this.#waiting?.token !== token) return false
        this.#waiting.heardUntil = this.ports.clock.now() + HEARTBEAT_MS
        return true
      },
    }
    const { sessions, clock } = this.ports
    this.wake = wakeWaiting({ sessions, waits, callbacks, clock, bootSeconds: BOOT_SECONDS })
    this.#step = takeStep({ ports: this.ports, waits, wake: this.wake, bootSeconds: BOOT_SECONDS })
    this.ports.lifecycle.wake = this.wake
    this.#state = { session, next: 'Place', seconds: 1 }
  }
  get at() {
    return this.#state.next
  }
  get isWaiting() {
    return this.#waiting !== undefined
  }

  async #call(event: Omit<StepEvent, 'session'>): Promise<Answer> {
    const { fault } = this
    this.fault = undefined
    if (fault === 'lost') throw new Error('lost')
    const answer = await this.#step({ session: this.#state.session, ...event })
    if (fault === 'silent') throw new Error('silent')
    return answer
  }

  /** One transition, if one can be made now. A call that dies is made again (Retry). */
  async tick(): Promise<void> {
    const { next, seconds, session } = this.#state
    const now = this.ports.clock.now()
    if (next === 'Ended') return
    if (this.#waiting) {
      const { until, heardUntil } = this.#waiting
      if (now < until && now < heardUntil) return
      this.#waiting = undefined
      this.transitions += 1
      this.#state = { session, next: now < until ? 'Find' : next === 'Turn' ? 'Launch' : 'Later', seconds: 0 }
      return
    }
    this.transitions += 1
    try {
      if (next === 'Boot' || next === 'Run' || next === 'Turn') {
        const token = `t${++this.#tokens}`
        const heardUntil = next === 'Run' ? now + HEARTBEAT_MS : Number.POSITIVE_INFINITY
        this.#waiting = { token, until: now + seconds * 1000, heardUntil }
        await this.#call({ step: 'listen', wait: { for: next, token, seconds } })
      } else if (next === 'Later') {
        this.ports.clock.pass(seconds)
        this.#state = await this.#call({ step: 'look' })
      } else {
        const step = next.toLowerCase() as 'place' | 'launch' | 'find' | 'release'
        this.#state = await this.#call({ step })
      }
    } catch {
      if (next === 'Boot' || next === 'Run' || next === 'Turn') this.#waiting = undefined
    }
  }

  /** A fact from outside, as every use case brings one: stored, then the lifecycle is woken, unless its caller dies between. */
  async hear(fact: Fact, dies = false): Promise<void> {
    await applyFact(this.ports)(this.#state.session, fact)
    if (!dies) await this.wake(this.#state.session)
  }

  /** Time passes until the state machine would do something by itself. */
  async passTime(): Promise<void> {
    if (this.#waiting) this.ports.clock.passUntil(Math.min(this.#waiting.until, this.#waiting.heardUntil))
    await this.tick()
  }
}
