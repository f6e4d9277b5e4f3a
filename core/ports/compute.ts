import type { Work } from '../contract/runner.ts'
import type { Purchase, Session } from '../contract/session.ts'

export type MachineState = { id: string; alive: boolean; why?: string }

export interface Compute {
  /**
   * Starts a machine whose runner will say hello for that attempt. The same attempt twice gives the same machine: a retry must
   * never buy two. After `terminate` of the attempt it throws `fenced`.
   * `host`: another attempt's machine, to be shared. Then nothing is bought; `unavailable` when that machine takes nobody any more.
   */
  launch(session: Session, attempt: number, host?: string): Promise<{ machine: string; purchase?: Purchase | undefined }>
  /** Undefined when the attempt never had a machine. `alive: false` once it is gone for good. */
  find(session: string, attempt: number): Promise<MachineState | undefined>
  /**
   * Resolves when nothing of the attempt runs any more, and never will: also when it was gone, or was launched but not yet seen.
   * May be repeated. A machine goes with the last of those that share it; until then `heirs` names who is left, oldest first, and
   * while the attempt still runs beside them it throws `unavailable`.
   */
  terminate(session: string, attempt: number): Promise<{ heirs: readonly Work[] }>
  /**
   * Removes what an ended session leaves on the machine beside its log, its result and the agent's memory: temporary files, copies of
   * the user's login and, unless it is to be kept, the checkout. May be repeated.
   */
  clean(session: string, keep: { keepCheckout: boolean }): Promise<void>
  /** The directory in which the checkout of a session lies, if it is there still. Only where machines leave one: on this computer. */
  checkout?(session: string): Promise<string | undefined>
}
