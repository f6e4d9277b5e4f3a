import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '../core/contract/session.ts'
import { applyFact } from '../core/lifecycle/apply-fact.ts'
import { due } from '../core/lifecycle/due.ts'
import type { Fact } from '../core/lifecycle/facts.ts'
import { FIRST_RETRY_SECONDS, PLAN, SLOWEST_RETRY_SECONDS, type StepName } from '../core/lifecycle/plan.ts'
import { runStep } from '../core/lifecycle/run-step.ts'
import type { Lifecycle } from '../core/ports/lifecycle.ts'
import type { Ports } from '../core/ports/ports.ts'

type Needs = Omit<Ports, 'lifecycle'>

/** How long a call may take before it counts as failed: by the plan, which says nothing of asking compute. */
export const CALL_SECONDS: Partial<Record<StepName, number>> = {
  place: PLAN.place.seconds,
  launch: PLAN.launch.seconds,
  find: PLAN.place.seconds,
  release: PLAN.release.seconds,
}

/** The longest a timer of the platform can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** A process closes its connections a moment before it is gone, and nobody but its parent is told when it is. */
const LOOK_AFTER_MS = [0, 20, 100, 400, 1500, 5000]

type Walk = {
  /** The steps under way, one at a time per session. */
  running: Promise<void> | undefined
  /** Woken while running: look again before waiting. */
  woken: boolean
  timer: NodeJS.Timeout | undefined
  failures: number
}

/**
 * Walks sessions through the plan in this process. Level-triggered: a wake reads the record and does what is due, so a wake too
 * many costs a read, and after a crash waking every active session is all it takes.
 */
export class LifecycleDriver implements Lifecycle {
  readonly #ports: Needs
  readonly #listeningSince: number
  readonly #apply: ReturnType<typeof applyFact>
  readonly #call: ReturnType<typeof runStep>
  readonly #callSeconds: typeof CALL_SECONDS
  readonly #walks = new Map<string, Walk>()
  readonly #stopped = new AbortController()

  constructor(ports: Needs, callSeconds = CALL_SECONDS) {
    this.#ports = ports
    this.#callSeconds = callSeconds
    this.#listeningSince = ports.clock.now()
    this.#apply = applyFact(ports)
    this.#call = runStep(ports, (error, session, step) => console.error(session, step, error))
  }

  begin(session: string): Promise<void> {
    return this.wake(session)
  }

  async wake(session: string): Promise<void> {
    if (this.#stopped.signal.aborted) return
    const walk = this.#walks.get(session) ?? { running: undefined, woken: false, timer: undefined, failures: 0 }
    this.#walks.set(session, walk)
    walk.woken = true
    clearTimeout(walk.timer)
    walk.running ??= this.#walk(session, walk)
  }

  /** Takes up every active session: after a start nobody knows what happened meanwhile. */
  async start(): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#ports.sessions.list({ active: true, limit: 200, cursor })
      for (const { id } of page.sessions) {
        await this.wake(id)
        this.lookAfter(id)
      }
      cursor = page.next
    } while (cursor !== undefined)
  }

  /** There is a sign that the session's machine may be gone: compute is asked, at once and a few times more. Never throws. */
  lookAfter(session: string) {
    this.#lookAfter(session).catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) console.error(session, 'find', error)
    })
  }

  async #lookAfter(id: string) {
    for (const pause of LOOK_AFTER_MS) {
      await delay(pause, undefined, { signal: this.#stopped.signal, ref: false })
      const session = await this.#ports.sessions.get(id)
      if (session?.state !== 'running' && session?.state !== 'booting') return
      const fact = await this.#run('find', session)
      if (fact.type !== 'machine-gone') continue
      await this.#apply(id, fact)
      return this.wake(id)
    }
  }

  /** No step begins any more; resolves when those under way have ended. */
  async settle(): Promise<void> {
    this.#stopped.abort()
    for (const { timer } of this.#walks.values()) clearTimeout(timer)
    await Promise.all([...this.#walks.values()].map(({ running }) => running))
  }

  async #walk(id: string, walk: Walk): Promise<void> {
    let next: number | undefined
    try {
      while (walk.woken && !this.#stopped.signal.aborted) {
        walk.woken = false
        next = await this.#step(id, walk)
      }
      walk.failures = 0
    } catch (error) {
      // The records cannot be read or written (a full disk): nothing else can be done, and it may pass.
      console.error(id, error)
      walk.failures += 1
      const seconds = Math.min(SLOWEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (walk.failures - 1))
      next = this.#ports.clock.now() + seconds * 1000
    }
    walk.running = undefined
    // Woken while it failed: there is something new to look at.
    if (walk.woken && next !== undefined) next = Math.min(next, this.#ports.clock.now() + FIRST_RETRY_SECONDS * 1000)
    this.#arm(id, walk, next)
  }

  #arm(id: string, walk: Walk, next: number | undefined) {
    if (this.#stopped.signal.aborted) return
    if (next === undefined) {
      this.#walks.delete(id)
      return
    }
    const wait = Math.min(MAX_TIMER_MS, Math.max(0, next - this.#ports.clock.now()))
    walk.timer = setTimeout(() => this.wake(id), wait)
  }

  /** A call that hangs is failed, and tried again beside it: all of them may be repeated. */
  async #run(step: StepName, session: Session): Promise<Fact> {
    const seconds = this.#callSeconds[step]
    if (seconds === undefined) return this.#call(step, session)
    const over = new AbortController()
    const late = delay(seconds * 1000, undefined, { signal: over.signal, ref: false }).then(
      (): Fact => ({
        type: 'step-failed',
        step,
        code: 'timeout',
        reason: `it took more than ${seconds} seconds to ${step}`,
        retryable: true,
      }),
    )
    late.catch(() => undefined) // called off: the call was quicker
    try {
      return await Promise.race([this.#call(step, session), late])
    } finally {
      over.abort()
    }
  }

  /** Does what is due now, until nothing is. Answers when to look again; undefined: never, the session has ended. */
  async #step(id: string, walk: Walk): Promise<number | undefined> {
    while (!this.#stopped.signal.aborted) {
      const session = await this.#ports.sessions.get(id)
      const todo = session && due(session, this.#listeningSince)
      if (!session || !todo) return undefined
      const now = this.#ports.clock.now()
      if (todo.at > now) return todo.at
      const changed = await this.#apply(id, await this.#run(todo.step, session))
      if (todo.step === 'launch') this.lookAfter(id)
      // Nothing came of it: not again at once, whatever the record says.
      if (changed.version === session.version && !walk.woken) return now + FIRST_RETRY_SECONDS * 1000
    }
    return this.#ports.clock.now()
  }
}
