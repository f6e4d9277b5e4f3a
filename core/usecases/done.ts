import type { Done } from '../contract/runner.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { fenced, refuseFenced } from './fenced.ts'
import { hideSecrets } from './session-secrets.ts'
import { storedSession } from './stored-session.ts'

type Needs = Pick<Ports, 'sessions' | 'secrets' | 'doorbell' | 'clock' | 'lifecycle'>

/** The run is over, and this came of it. May be repeated, also after the session has ended. */
export const done =
  (ports: Needs) =>
  async (id: string, attempt: number, told: Done): Promise<void> => {
    const session = await storedSession(ports)(id)
    const current = session.attempts.at(-1)
    const isAgain = current?.number === attempt && current.endedAt !== undefined && current.lost === undefined
    if (isAgain) return
    refuseFenced(session, attempt)
    const reason = await hideSecrets(ports)(session, told.outcome.reason)
    const after = await applyFact(ports)(id, { ...told, type: 'finished', attempt, outcome: { ...told.outcome, reason } })
    await ports.lifecycle.wake(id)
    if (!after.ending) throw fenced(id, attempt)
  }
