import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import type { Ports } from '../ports/ports.ts'

/** By its whole id: machines do not abbreviate. */
export const storedSession =
  ({ sessions }: Pick<Ports, 'sessions'>) =>
  async (id: string): Promise<Session> => {
    const session = await sessions.get(id)
    if (session) return session
    throw new RemoteError('not_found', `there is no session ${id}`, { hint: 'stop: this machine works for no session' })
  }
