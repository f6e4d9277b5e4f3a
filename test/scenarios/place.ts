import type { Session } from '../../core/contract/session.ts'
import type { Answer, World } from '../support/world.ts'

/** What may be wrong with the machine of a session. */
export type Oddity = { name: 'a disk of a few megabytes' } | { name: 'a runner that dies'; at: number }

/** The words that `dispatch` needs to get such a machine, and the place where it is. */
export type Odd = { place: Place; flags: string[] }

/** A network that breaks again and again, as the person's programs in that environment see it. */
export type BadNetwork = { env: Record<string, string>; hasBrokenEnough(): boolean; summary(): string }

/**
 * Where sessions run by default. A scenario uses it as a person does, from the command line; what a person does not do, and what
 * differs from place to place, is here.
 */
export type Place = {
  runtime: 'local' | 'cloud'
  /** The person's own machine. */
  world: World
  /** For whatever a session or its machine takes its time for. */
  patienceSeconds: number
  /** From a session's end on, until nothing of it runs. */
  goneSeconds: number
  /** A call of the API by that person. */
  api<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>
  session(id: string): Promise<Session>
  /** What of the session runs, or could: `mark` is text in the command lines of what it started. */
  running(id: string, mark: string): Promise<string[]>
  /** As `kill -9` does. */
  killRunner(id: string): Promise<void>
  /** How much is written while viewers come and go. */
  log: { megabytes: number; seconds: number }
  /** Whatever is stored of sessions: records, logs, results; not the secrets themselves. */
  stored(): Promise<Buffer[]>
  odd<T>(oddity: Oddity, scenario: (odd: Odd) => Promise<T>): Promise<T>
  onBadNetwork<T>(scenario: (network: BadNetwork) => Promise<T>): Promise<T>
  close(): Promise<void>
}
