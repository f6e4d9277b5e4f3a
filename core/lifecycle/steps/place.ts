import type { Session } from '../../contract/session.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Fact } from '../facts.ts'
import { hostMachine } from './host-machine.ts'

/** Takes what the session needs to itself before anything is launched for it. */
export const place =
  ({ workspaces, sessions }: Pick<Ports, 'workspaces' | 'sessions'>) =>
  async (session: Session): Promise<Fact> => {
    const { id, request } = session
    await hostMachine({ sessions })(session)
    const name = request.workspace
    if (name === undefined || (await workspaces.hold(name, id))) return { type: 'placed' }
    const { heldBy, movingTo } = (await workspaces.get(name)) ?? {}
    const passing = movingTo === undefined ? `workspace ${name} cannot be held` : `workspace ${name} is on its way to ${movingTo}`
    const reason = heldBy ? `workspace ${name} is held by ${heldBy}` : passing
    return { type: 'step-failed', step: 'place', code: 'held', reason, retryable: true }
  }
