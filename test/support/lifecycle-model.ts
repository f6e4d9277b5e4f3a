import { expect } from 'vitest'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { applyFact } from '../../core/lifecycle/apply-fact.ts'
import { due } from '../../core/lifecycle/due.ts'
import type { Fact } from '../../core/lifecycle/facts.ts'
import type { StepName } from '../../core/lifecycle/plan.ts'
import { runStep } from '../../core/lifecycle/run-step.ts'
import type { TimelineNote } from '../../core/ports/session-store.ts'
import { aSession, NOON } from './samples.ts'

/** What the world does to a session's effects: before them, or after them but before anybody heard of it. */
export type Failure = 'retryable before' | 'retryable after' | 'refused before' | 'bug before' | 'bug after'

type Machine = { attempt: number; alive: boolean }
type Pending = { session: Session; step: StepName; fact?: Fact }

const thrown = (failure: Failure) => {
  if (failure.startsWith('bug')) return new Error('boom')
  return failure === 'refused before' ? new RemoteError('refused', 'no') : new RemoteError('unavailable', 'not now')
}

/**
 * One session in a world where everything is late, doubled, lost or broken: the real `advance`, `due`, `runStep` and `applyFact`
 * over a model of the store, of compute and of a driver that can crash between reading, acting and storing. Checks after every change.
 */
export class LifecycleModel {
  now = NOON
  record: Session
  notes: TimelineNote[] = []
  /** Facts that were sent. Any of them arrives any time, and again. */
  readonly sent: Fact[] = []
  readonly machines = new Map<number, Machine>()
  readonly fenced = new Set<number>()
  failure: Failure | undefined
  /** Somebody else's fact, stored between our reading and our storing. */
  race: Fact | undefined
  #workspaceHeld = false
  #secretsKept = true
  #pending: Pending | undefined
  #listeningSince = NOON
  readonly #apply: (id: string, fact: Fact) => Promise<Session>
  readonly #run: (step: StepName, session: Session) => Promise<Fact>

  constructor(request: Parameters<typeof aSession>[1]) {
    this.record = Object.freeze(aSession(1, request))
    const clock = { now: () => this.now }
    const never = () => Promise.reject(new Error('not part of this'))
    const sessions = {
      get: async () => this.record,
      save: (next: Session, notes: TimelineNote[]) => this.#save(next, notes),
      insert: never,
      withKey: never,
      startingWith: never,
      list: never,
      timeline: never,
    }
    const doorbell = { ring: () => {}, watched: () => false, changed: () => {} }
    this.#apply = applyFact({ sessions, doorbell, clock })
    this.#run = runStep({
      ...{ sessions, doorbell, clock },
      compute: {
        launch: (session, attempt) => this.#act(() => this.#launch(session, attempt)),
        find: (_session, attempt) => this.#act(() => this.#find(attempt)),
        terminate: (_session, attempt) => this.#act(() => this.#terminate(attempt)),
        clean: () => this.#act(() => {}),
      },
      segments: { sealWhereDurable: () => this.#act(() => 0), log: never, seal: never, read: never },
      workspaces: {
        hold: () => this.#act(() => this.#hold()),
        release: () =>
          this.#act(() => {
            this.#workspaceHeld = false
          }),
        create: never,
        get: async () => undefined,
        list: never,
        delete: never,
        snapshot: never,
        deleteSnapshot: never,
        move: never,
        resize: never,
        place: () => '',
      },
      secrets: {
        forget: () =>
          this.#act(() => {
            this.#secretsKept = false
          }),
        set: never,
        setCommand: never,
        list: never,
        delete: never,
        values: never,
        keep: never,
        kept: never,
      },
    })
  }

  async #act<T>(effect: () => T): Promise<T> {
    const { failure } = this
    this.failure = undefined
    if (failure?.endsWith('before')) throw thrown(failure)
    const answer = effect()
    if (failure) throw thrown(failure)
    return answer
  }

  #hold() {
    this.#workspaceHeld = true
    return true
  }

  #launch(session: Session, attempt: number) {
    if (this.fenced.has(attempt)) throw new RemoteError('fenced', 'over')
    expect(session.attempts.at(-1)?.number, 'a machine is launched for a recorded attempt').toBe(attempt)
    if (!this.machines.has(attempt)) {
      expect(this.alive, 'no machine is launched while another one lives').toEqual([])
      for (let before = 1; before < attempt; before++)
        expect(this.fenced.has(before), 'the attempt before was released').toBe(true)
      this.machines.set(attempt, { attempt, alive: true })
    }
    return { machine: `m${attempt}` }
  }
  #find(attempt: number) {
    const machine = this.machines.get(attempt)
    return machine && { id: `m${attempt}`, alive: machine.alive }
  }
  #terminate(attempt: number) {
    this.fenced.add(attempt)
    this.kill(attempt)
    return { heirs: [] }
  }

  get alive() {
    return [...this.machines.values()].filter(({ alive }) => alive)
  }
  kill(attempt: number) {
    const machine = this.machines.get(attempt)
    if (machine) machine.alive = false
  }

  async #save(next: Session, notes: TimelineNote[]) {
    const { race } = this
    this.race = undefined
    if (race) await this.#apply('', race)
    if (next.version !== this.record.version + 1) return false
    this.#check(next)
    this.record = Object.freeze(next)
    this.notes.push(...notes)
    return true
  }

  #check(next: Session) {
    const before = this.record
    expect(before.state, 'what has ended stays as it is').not.toBe('ended')
    if (before.ending) expect(next.ending, 'the first reason stays').toEqual(before.ending)
    if (before.expiresAt) expect(next.expiresAt, 'time is not bought by dying').toBe(before.expiresAt)
    expect(next.attempts.map(({ number }) => number)).toEqual(next.attempts.map((_, i) => i + 1))
    for (const attempt of next.attempts.slice(0, -1)) expect(attempt.endedAt, 'only the last attempt is open').toBeDefined()
    for (const { number, endedAt } of next.attempts)
      if (endedAt) expect(this.fenced.has(number), 'an attempt that is over was released').toBe(true)
    expect(next.retriesLeft).toBeGreaterThanOrEqual(0)
    expect(next.usage.costUsd).toBeGreaterThanOrEqual(before.usage.costUsd)
    expect(next.outcome !== undefined, 'an outcome is there when it has ended, and only then').toBe(next.state === 'ended')
    if (next.state === 'ended') this.#checkEnd(next)
  }

  #checkEnd(next: Session) {
    expect(next.outcome).toEqual(next.ending)
    expect(
      next.attempts.every(({ endedAt }) => endedAt !== undefined),
      'every attempt is over',
    ).toBe(true)
    expect(this.alive, 'no machine lives on').toEqual([])
    expect(this.#workspaceHeld, 'the workspace is free').toBe(false)
    expect(this.#secretsKept, 'the secrets are forgotten').toBe(false)
  }

  deliver(fact: Fact) {
    return this.#apply('', fact)
  }

  /** The driver is one process, in three moves; between them anything may happen. */
  read() {
    const todo = due(this.record, this.#listeningSince)
    if (todo && todo.at <= this.now) this.#pending = { session: this.record, step: todo.step }
    return todo
  }
  async act() {
    if (this.#pending && !this.#pending.fact) this.#pending.fact = await this.#run(this.#pending.step, this.#pending.session)
  }
  async store() {
    const fact = this.#pending?.fact
    if (!fact) return
    this.#pending = undefined
    await this.#apply('', fact)
  }
  crash() {
    this.#pending = undefined
    this.#listeningSince = this.now
  }
  get isIdle() {
    return this.#pending === undefined
  }
}
