import type { Session } from '../../contract/session.ts'
import type { Ports } from '../../ports/ports.ts'
import { currentAttempt } from '../change.ts'
import type { Fact } from '../facts.ts'

/** The attempt is in the record already, so a launch that is not heard of again is repeated and buys nothing twice. */
export const launch =
  ({ compute }: Pick<Ports, 'compute'>) =>
  async (session: Session): Promise<Fact> => {
    const attempt = currentAttempt(session)?.number ?? 0
    return { type: 'launched', attempt, ...(await compute.launch(session, attempt)) }
  }
