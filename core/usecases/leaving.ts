import type { Leaving } from '../contract/runner.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseFenced } from './fenced.ts'
import { hideSecrets } from './session-secrets.ts'
import { storedSession } from './stored-session.ts'

type Needs = Pick<Ports, 'sessions' | 'secrets' | 'doorbell' | 'clock' | 'lifecycle'>

/** The machine of an attempt is being taken away: what it left is where the next one goes on. May be repeated. */
export const leaving =
  (ports: Needs) =>
  async (id: string, attempt: number, told: Leaving): Promise<void> => {
    const session = await storedSession(ports)(id)
    if (session.checkpoint?.attempt === attempt) return
    refuseFenced(session, attempt)
    const why = await hideSecrets(ports)(session, told.why)
    await applyFact(ports)(id, { ...told, type: 'left', attempt, why })
    await ports.lifecycle.wake(id)
  }
