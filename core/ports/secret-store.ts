import type { Secret } from '../contract/secret.ts'

export interface SecretStore {
  set(name: string, value: string): Promise<Secret>
  /** Instead of a value: what prints it, at each dispatch. `values` refuses it. */
  setCommand(name: string, command: string): Promise<Secret>
  list(): Promise<Secret[]>
  /** False when there is none. */
  delete(name: string): Promise<boolean>
  /** Throws `refused` naming the first that is missing. */
  values(names: readonly string[]): Promise<Record<string, string>>
  /**
   * Keeps values for one session alone, until `forget`, beside those that are kept for it already; of one name the latest. May be
   * repeated, and called at the same time: all are kept.
   */
  keep(session: string, values: Record<string, string>): Promise<void>
  kept(session: string): Promise<Record<string, string>>
  /** May be repeated. */
  forget(session: string): Promise<void>
}
