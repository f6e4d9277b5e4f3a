import type { Session } from '../../../core/contract/session.ts'
import { applyFact } from '../../../core/lifecycle/apply-fact.ts'
import { due } from '../../../core/lifecycle/due.ts'
import { runStep } from '../../../core/lifecycle/run-step.ts'
import type { Lifecycle } from '../../../core/ports/lifecycle.ts'
import type { Ports } from '../../../core/ports/ports.ts'

type Needs = Omit<Ports, 'lifecycle'>

/** A driver that walks when told to, so that a test sees every state in between. */
export class StepwiseLifecycle implements Lifecycle {
  readonly begun: string[] = []
  readonly woken: string[] = []
  readonly #ports: Needs
  readonly #listeningSince: number

  constructor(ports: Needs) {
    this.#ports = ports
    this.#listeningSince = ports.clock.now()
  }
  async begin(session: string) {
    this.begun.push(session)
  }
  async wake(session: string) {
    this.woken.push(session)
  }
  /** Does what is due now, until nothing is. */
  async walk(id: string): Promise<Session> {
    for (let steps = 0; steps < 100; steps++) {
      const session = await this.#ports.sessions.get(id)
      if (!session) throw new Error(`no session ${id}`)
      const todo = due(session, this.#listeningSince)
      if (!todo || todo.at > this.#ports.clock.now()) return session
      const fact = await runStep(this.#ports, (error) => {
        throw error
      })(todo.step, session)
      await applyFact(this.#ports)(id, fact)
    }
    throw new Error(`${id} does not come to rest`)
  }
}
