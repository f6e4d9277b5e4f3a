import type { Session } from '../../core/contract/session.ts'
import { type Connection, codeOf } from '../connect.ts'
import { followLog } from '../follow/follow-log.ts'
import type { Io } from '../io.ts'
import { openStateLine, waitingText } from '../output/state-line.ts'

export type WaitUntilUp = { io: Io; connection: Connection; session: Session; quiet: boolean }

const isAbort = (error: unknown) => error instanceof Error && (error.name === 'AbortError' || codeOf(error) === 'ABORT_ERR')

/** The session's record as soon as it runs, or has ended; undefined when the user did not want to wait any longer. */
export const waitUntilUp = async ({ io, connection, session, quiet }: WaitUntilUp): Promise<Session | undefined> => {
  const line = openStateLine(io, quiet)
  const over = new AbortController()
  let up: Session | undefined
  const changed = (record: Session) => {
    line.say(waitingText(record))
    if (record.state !== 'running' && record.state !== 'ended') return
    up = record
    over.abort()
  }
  const stopListening = io.onInterrupt(() => over.abort())
  try {
    changed(session)
    if (up) return up
    const from = { attempt: 1, seq: 1 }
    return await followLog({ connection, session: session.id, from, give: async () => undefined, changed, signal: over.signal })
  } catch (error) {
    if (isAbort(error)) return up
    throw error
  } finally {
    stopListening()
    line.end()
  }
}
