import { RemoteError } from '../../../core/contract/remote-error.ts'
import type { Purchase, Session } from '../../../core/contract/session.ts'
import type { Compute, MachineState } from '../../../core/ports/compute.ts'

type Machine = { session: string; attempt: number; id: string; state: 'alive' | 'dead'; why?: string }

/** Machines that do nothing by themselves: a test lets them die. */
export class FakeCompute implements Compute {
  readonly #machines = new Map<string, Machine>()
  readonly #fenced = new Set<string>()
  /** What it costs to launch a machine. */
  sells: Purchase | undefined
  readonly #swept = new Set<string>()
  /** Of these even the checkout is gone. */
  readonly cleaned = new Set<string>()

  /** Every machine there ever was. */
  get machines(): readonly Machine[] {
    return [...this.#machines.values()]
  }
  alive(session: string) {
    return this.machines.filter((machine) => machine.session === session && machine.state === 'alive')
  }
  isFenced(session: string, attempt: number) {
    return this.#fenced.has(`${session} ${attempt}`)
  }
  die(session: string, attempt: number, why = 'killed') {
    const machine = this.#machines.get(`${session} ${attempt}`)
    for (const one of this.machines) if (one.id === machine?.id) Object.assign(one, { state: 'dead', why })
  }

  async launch({ id: session }: Session, attempt: number, host?: string) {
    const key = `${session} ${attempt}`
    if (this.#fenced.has(key))
      throw new RemoteError('fenced', `attempt ${attempt} of ${session} is over`, { hint: 'another attempt has its own number' })
    const known = this.#machines.get(key)
    if (!known && host !== undefined && !this.machines.some(({ id, state }) => id === host && state === 'alive'))
      throw new RemoteError('unavailable', `machine ${host} is going`, { hint: 'it is tried again' })
    const machine: Machine = known ?? { session, attempt, id: host ?? `m-${session}-${attempt}`, state: 'alive' }
    this.#machines.set(key, machine)
    const purchase = host === undefined ? this.sells : undefined
    return { machine: machine.id, ...(purchase && { purchase }) }
  }
  async find(session: string, attempt: number): Promise<MachineState | undefined> {
    const machine = this.#machines.get(`${session} ${attempt}`)
    return (
      machine && { id: machine.id, alive: machine.state === 'alive', ...(machine.why === undefined ? {} : { why: machine.why }) }
    )
  }
  async terminate(session: string, attempt: number) {
    this.#fenced.add(`${session} ${attempt}`)
    const own = this.#machines.get(`${session} ${attempt}`)
    if (own) Object.assign(own, { state: 'dead', why: 'terminated' })
    return { heirs: this.machines.filter(({ id, state }) => id === own?.id && state === 'alive') }
  }
  async clean(session: string, { keepCheckout }: { keepCheckout: boolean }) {
    this.#swept.add(session)
    if (!keepCheckout) this.cleaned.add(session)
  }
  /** Nothing of the user's login is left, whatever became of the checkout. */
  isSwept(session: string) {
    return this.#swept.has(session)
  }
}
