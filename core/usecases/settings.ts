import type { Dispatch } from '../contract/dispatch.ts'
import type { Architecture, Grant, Neighbours, RunnerBundle, RunSpec, Work } from '../contract/runner.ts'
import type { Session } from '../contract/session.ts'
import type { Stored } from '../lifecycle/facts.ts'

/** What differs between control planes and is no port. */
export type Settings = {
  /** Runtimes this control plane serves; `ssh:` and `cloud:` ones by their full names. */
  runtimes: readonly string[]
  /** Of the machines that can be had here. */
  architectures: readonly Architecture[]
  /** Agents that can be named without a command. */
  agents: readonly string[]
  /** Whether sessions are confined here, so that an agent may be allowed everything in there. */
  sandboxed: boolean
  /** Whether prices are read from AWS here; else they are taken from whoever has. */
  readsPrices: boolean
  /** The daily budget until somebody sets another; null: none. */
  dailyBudgetUsd: number | null
  /** How a runner keeps its log. */
  log(session: string, attempt: number): RunSpec['log']
  /** What the machine of an attempt may do by itself in the cloud; undefined where it is handed everything. */
  grant(session: Session, attempt: number): Promise<Grant | undefined>
  /**
   * What the runner of this attempt is to do for others on its machine; undefined where a machine is not shared. `ended`: those it has
   * ended. `over`: it will do so no more, but for what this answers, and the machine of the last one takes nobody any more.
   */
  neighbours(session: Session, attempt: number, told: { ended: readonly Work[]; over: boolean }): Promise<Neighbours | undefined>
  /** Where a machine that has just booted finds the runner; undefined where it is there already. */
  runnerBundle(architecture: Architecture): Promise<RunnerBundle | undefined>
  /** What a session's machines have stored, and may store; undefined where that is on the user's own disk. Costs a call for each 1,000 objects. */
  stored(session: string): Promise<Stored | undefined>
  /** Where a runner finds the agent's files of an earlier session: a directory, or an address that gives them as an archive. */
  agentFiles(session: Session): Promise<string | undefined>
  /**
   * Throws a RemoteError when the agent could not run (not installed, no credentials): called before anything is started. Answers the
   * request as it is to run, which may say more about how the agent logs in.
   */
  admit(ask: Dispatch): Promise<Dispatch>
}

export const DEFAULT_SETTINGS: Settings = {
  runtimes: ['local'],
  architectures: ['x64', 'arm64'],
  agents: ['claude', 'codex', 'shell', 'terminal'],
  sandboxed: true,
  readsPrices: false,
  dailyBudgetUsd: null,
  log: () => ({ kind: 'spool' }),
  grant: async () => undefined,
  neighbours: async () => undefined,
  runnerBundle: async () => undefined,
  stored: async () => undefined,
  agentFiles: async () => undefined,
  admit: async (ask) => ask,
}
