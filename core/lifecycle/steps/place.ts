import type { Session } from '../../contract/session.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Fact } from '../facts.ts'

/** Takes what the session needs to itself before anything is launched for it. */
export const place =
  ({ workspaces }: Pick<Ports, 'workspaces'>) =>
  async ({ id, request }: Session): Promise<Fact> => {
    const name = request.workspace
    if (name === undefined || (await workspaces.hold(name, id))) return { type: 'placed' }
    const holder = (await workspaces.get(name))?.heldBy
    const reason = holder ? `workspace ${name} is held by ${holder}` : `workspace ${name} cannot be held`
    return { type: 'step-failed', step: 'place', code: 'held', reason, retryable: true }
  }
