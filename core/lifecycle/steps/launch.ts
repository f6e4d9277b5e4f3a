import type { Session } from '../../contract/session.ts'
import type { Ports } from '../../ports/ports.ts'
import { currentAttempt } from '../change.ts'
import type { Fact } from '../facts.ts'
import { hostMachine } from './host-machine.ts'

/** The attempt is in the record already, so a launch that is not heard of again is repeated and buys nothing twice. */
export const launch =
  ({ compute, sessions, doorbell }: Pick<Ports, 'compute' | 'sessions' | 'doorbell'>) =>
  async (session: Session): Promise<Fact> => {
    const attempt = currentAttempt(session)?.number ?? 0
    const launched = await compute.launch(session, attempt, await hostMachine({ sessions })(session))
    // The machine's runner hears of whom it is to start at its next beat, which is now.
    if (session.request.with !== undefined) await doorbell.ring(session.request.with)
    return { type: 'launched', attempt, ...launched }
  }
