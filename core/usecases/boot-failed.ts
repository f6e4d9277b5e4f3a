import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseFenced } from './fenced.ts'
import { hideSecrets } from './session-secrets.ts'
import { storedSession } from './stored-session.ts'

type Needs = Pick<Ports, 'sessions' | 'secrets' | 'doorbell' | 'clock' | 'lifecycle'>

const MAX_WHY_CHARACTERS = 500

/** A machine could not start its runner, says why, and powers off. What it said is in the timeline. May be repeated. */
export const bootFailed =
  (ports: Needs) =>
  async (id: string, attempt: number, text: string): Promise<void> => {
    const session = await storedSession(ports)(id)
    refuseFenced(session, attempt)
    const [reason = '', ...log] = (await hideSecrets(ports)(session, text)).split('\n')
    const why = `the machine could not start: ${reason.slice(0, MAX_WHY_CHARACTERS)}`
    await applyFact(ports)(id, { type: 'machine-gone', attempt, why, log: log.join('\n') })
    await ports.lifecycle.wake(id)
  }
