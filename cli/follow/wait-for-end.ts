import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { followLog } from './follow-log.ts'

/** Resolves with the record once the session has ended. */
export const waitForEnd = (connection: Connection, { id, attempts, position }: Session): Promise<Session> => {
  // The log is not wanted, only its end: begin as late as is known.
  const from = position ?? { attempt: Math.max(1, attempts.length), seq: 1 }
  const { signal } = new AbortController()
  return followLog({ connection, session: id, from, signal, give: async () => undefined, changed: () => undefined })
}
