import type { Outcome, Result, Usage } from '../contract/outcome.ts'
import type { Beat, Leaving } from '../contract/runner.ts'
import type { Purchase } from '../contract/session.ts'
import type { SshServer } from '../contract/ssh.ts'
import type { StepName } from './plan.ts'

export type Stored = { bytes: number; objects: number; mostBytes: number }

/**
 * What has happened, in the past tense. `attempt` names the attempt it happened to: a fact about another one changes nothing.
 * Any fact may come twice, late or out of order.
 */
export type Fact =
  | { type: 'placed' }
  | { type: 'launched'; attempt: number; machine: string; purchase?: Purchase | undefined }
  /** Its machine is shared, and who paid for it has ended. */
  | { type: 'machine-inherited'; attempt: number; from: string; at: string; launchedAt: string; purchase: Purchase }
  | { type: 'greeted'; attempt: number; version: string; ssh?: SshServer | undefined }
  /** `stored`: what lies below its prefix now, when that was looked at, and how much may. */
  | { type: 'beaten'; attempt: number; beat: Beat; stored?: Stored | undefined }
  | {
      type: 'finished'
      attempt: number
      outcome: Outcome
      result?: Result | undefined
      usage?: Usage | undefined
      agentHandle?: string | undefined
      lastSeq: number
      inboxHandled: number
      peakMemoryBytes?: number | undefined
      agentFiles?: string | undefined
    }
  /** Its machine is being taken away: what there is of it so far is stored. */
  | ({ type: 'left'; attempt: number } & Leaving)
  /** Somebody typed at its terminal for the first time over that connection. */
  | { type: 'typed'; by: string; connection: string }
  /** In order, and none left out that the record does not know of. */
  | { type: 'inbox-grown'; items: readonly { n: number; by: string; what: string }[] }
  | { type: 'stop-asked'; how: 'graceful' | 'now'; by: string; why: Outcome }
  /** Compute was asked after a silence and says that the machine is there. */
  | { type: 'unreachable'; attempt: number }
  /** `log`: what it said last, when that is known. */
  | { type: 'machine-gone'; attempt: number; why: string; log?: string | undefined }
  | { type: 'deadline-passed'; step: StepName; attempt: number }
  /**
   * `settled`: what outlives attempts (workspace, secrets) was given back too. `attempt` 0: there never was one. `handedOn`: its machine
   * goes on with another session, which pays for it from then on.
   */
  | {
      type: 'released'
      attempt: number
      lastSeq: number
      settled: boolean
      handedOn?: { to: string; at: string } | undefined
    }
  /** `notBefore`: it has to wait for its turn until then (milliseconds since 1970), and no try was spent. */
  | {
      type: 'step-failed'
      step: StepName
      code: string
      reason: string
      retryable: boolean
      notBefore?: number | undefined
    }
