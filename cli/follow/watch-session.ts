import type { Position } from '../../core/contract/ids.ts'
import { isCommand } from '../../core/contract/is-command.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Joined } from '../../core/domain/log-join.ts'
import { type Connection, codeOf } from '../connect.ts'
import { DETACHED_EXIT } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { openLogView } from '../output/log-view.ts'
import { openStateLine, waitingText } from '../output/state-line.ts'
import { answerInPlace } from './answer-in-place.ts'
import { followLog } from './follow-log.ts'

const isAbort = (error: unknown) => error instanceof Error && (error.name === 'AbortError' || codeOf(error) === 'ABORT_ERR')
const at = ({ attempt, seq }: Position) => `${attempt}.${seq}`

export type Watch = {
  io: Io
  connection: Connection
  session: Session
  from: Position
  quiet: boolean
  /** stdout is for a record: the log goes to stderr. */
  aside: boolean
}

const unrecordedText = ({ unrecorded }: Joined) =>
  unrecorded && `remote: ${at(unrecorded.from)} to ${at(unrecorded.to)} was shown and is not in the record: ${unrecorded.why}`

/** Prints a session's log until it has ended, and answers its last record; undefined when the user detached with Ctrl-C. */
export const watchSession = async ({ io, connection, session, from, quiet, aside }: Watch): Promise<Session | undefined> => {
  const line = openStateLine(io, quiet)
  const view = openLogView({ io, line, quiet, isShell: isCommand(session.request.agent), aside })
  const answers = answerInPlace({ io, connection, session: session.id, line, quiet, beginLine: view.end })
  const leave = new AbortController()
  const left = Promise.withResolvers<undefined>()
  const stopListening = io.onInterrupt(() => {
    // The second one may come while the output is stuck.
    if (leave.signal.aborted) process.exit(DETACHED_EXIT)
    leave.abort()
    left.resolve(undefined)
  })
  const followed = followLog({
    connection,
    session: session.id,
    from,
    signal: leave.signal,
    give: async (joined) => {
      await view.show(joined.events)
      const missing = unrecordedText(joined)
      if (missing) await view.note(missing)
      answers.see(joined.events)
    },
    // A question that is open must not be drawn over.
    changed: (record) => {
      answers.changed(record)
      line.say(answers.isAsking() ? undefined : waitingText(record))
    },
    away: (away) =>
      line.say(away ? (connection.isNear ? 'the daemon is away; connecting again' : 'not connected; trying again') : undefined),
  })
  try {
    line.say(waitingText(session))
    const ended = await Promise.race([followed, left.promise])
    if (ended) await view.end()
    return ended
  } catch (error) {
    if (isAbort(error)) return undefined
    throw error
  } finally {
    followed.catch(() => undefined) // told above, or nobody waits for it after a detach
    leave.abort()
    stopListening()
    answers.end()
    line.end()
  }
}
