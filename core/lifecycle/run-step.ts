import { ERRORS, RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import type { Ports } from '../ports/ports.ts'
import { currentAttempt } from './change.ts'
import type { Fact } from './facts.ts'
import type { StepName } from './plan.ts'
import { find } from './steps/find.ts'
import { launch } from './steps/launch.ts'
import { place } from './steps/place.ts'
import { release } from './steps/release.ts'

type Needs = Pick<Ports, 'compute' | 'segments' | 'workspaces' | 'secrets' | 'sessions' | 'doorbell' | 'clock'>

const effect = (ports: Needs, step: StepName, session: Session): Promise<Fact> => {
  switch (step) {
    case 'place':
      return place(ports)(session)
    case 'launch':
      return launch(ports)(session)
    case 'find':
      return find(ports)(session)
    case 'release':
      return release(ports)(session)
    default:
      return Promise.resolve({ type: 'deadline-passed', step, attempt: currentAttempt(session)?.number ?? 0 })
  }
}

/** Why a call failed, in words that may be stored: of an unforeseen error only its kind, since its message could hold anything. */
const stepFailed = (step: StepName, error: unknown): Fact => {
  if (error instanceof RemoteError) {
    const { code, message, hint, notBefore } = error
    const { retryable } = ERRORS[code]
    // It waits for its turn: nothing has failed.
    if (notBefore !== undefined) return { type: 'step-failed', step, code, reason: message, retryable, notBefore }
    // What is tried again says what to do when it has failed for good, and that is its last reason.
    const reason = hint === undefined ? message : `${message}; ${hint}`
    return { type: 'step-failed', step, code, reason, retryable }
  }
  return {
    type: 'step-failed',
    step,
    code: 'bug',
    reason: `something unforeseen went wrong while it was to ${step}`,
    retryable: true,
  }
}

/** Runs what is due (due.ts) and answers what came of it, failures too. `onBug` hears of every error that is not a refusal. */
export const runStep =
  (ports: Needs, onBug: (error: unknown, session: string, step: StepName) => void = () => {}) =>
  async (step: StepName, session: Session): Promise<Fact> => {
    try {
      return await effect(ports, step, session)
    } catch (error) {
      if (!(error instanceof RemoteError)) onBug(error, session.id, step)
      return stepFailed(step, error)
    }
  }
