import type { Done, DoneAnswer } from '../contract/runner.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { fenced, refuseFenced } from './fenced.ts'
import { hideSecrets } from './session-secrets.ts'
import type { Settings } from './settings.ts'
import { storedSession } from './stored-session.ts'

type Needs = Pick<Ports, 'sessions' | 'secrets' | 'doorbell' | 'clock' | 'lifecycle'>

/** The run is over, and this came of it. May be repeated, also after the session has ended. */
export const done =
  (ports: Needs, settings: Pick<Settings, 'neighbours'>) =>
  async (id: string, attempt: number, told: Done): Promise<DoneAnswer> => {
    const session = await storedSession(ports)(id)
    const current = session.attempts.at(-1)
    const isAgain = current?.number === attempt && current.endedAt !== undefined && current.lost === undefined
    if (!isAgain) refuseFenced(session, attempt)
    // Before the end is known: from then on, who shares the machine is not its runner's business any more.
    const neighbours = await settings.neighbours(session, attempt, { ended: [], over: true })
    const answer = neighbours ? { neighbours } : {}
    if (isAgain) return answer
    const reason = await hideSecrets(ports)(session, told.outcome.reason)
    const after = await applyFact(ports)(id, { ...told, type: 'finished', attempt, outcome: { ...told.outcome, reason } })
    await ports.lifecycle.wake(id)
    if (!after.ending) throw fenced(id, attempt)
    return answer
  }
