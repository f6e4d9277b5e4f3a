import type { Session } from '../../contract/session.ts'
import type { Ports } from '../../ports/ports.ts'
import { currentAttempt } from '../change.ts'
import type { Fact } from '../facts.ts'

/** Asks compute whether a silent machine is there. Only one that is known to be gone is ever replaced. */
export const find =
  ({ compute }: Pick<Ports, 'compute'>) =>
  async (session: Session): Promise<Fact> => {
    const attempt = currentAttempt(session)?.number ?? 0
    const machine = await compute.find(session.id, attempt)
    if (machine?.alive) return { type: 'unreachable', attempt }
    return { type: 'machine-gone', attempt, why: machine?.why ?? 'the machine is gone' }
  }
