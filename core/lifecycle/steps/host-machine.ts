import { RemoteError } from '../../contract/remote-error.ts'
import type { Session } from '../../contract/session.ts'
import { isStaying } from '../../domain/is-staying.ts'
import type { Ports } from '../../ports/ports.ts'
import { currentAttempt } from '../change.ts'

/**
 * The machine that `session` is to share; undefined when it has one of its own. Throws `held` while the other session has none, and
 * `refused` once it will have none any more.
 */
export const hostMachine =
  ({ sessions }: Pick<Ports, 'sessions'>) =>
  async ({ request }: Session): Promise<string | undefined> => {
    if (request.with === undefined) return undefined
    const host = await sessions.get(request.with)
    if (!host || !isStaying(host)) {
      throw new RemoteError('refused', `session ${request.with} is over, and it was to share its machine`, {
        hint: 'dispatch again without --with, or with another session',
      })
    }
    const attempt = currentAttempt(host)
    if (attempt?.machine !== undefined && attempt.endedAt === undefined && attempt.lost === undefined) return attempt.machine
    throw new RemoteError('held', `session ${request.with} has no machine yet`, { hint: 'it is tried again' })
  }
