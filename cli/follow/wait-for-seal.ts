import type { ToViewer } from '../../core/contract/frames.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { canComeBack, isGone } from './can-come-back.ts'
import type { ViewerSocket } from './open-socket.ts'

/** A function that starts, one upload, and another function. */
const ANSWER_MS = 8000

/** Everything that was written when we came is in segments: the machine says so without records, the control plane by an end. */
const isSealed = (frame: ToViewer, attempt: number): boolean =>
  frame.type === 'complete' ||
  (frame.type === 'live' && frame.attempt >= attempt && frame.records === undefined) ||
  (frame.type === 'sealed' && frame.attempt >= attempt)

const heard = async ({ messages }: ViewerSocket, attempt: number): Promise<boolean> => {
  for await (const message of messages) {
    if ('binary' in message) continue
    const frame = JSON.parse(message.text) as ToViewer
    if (isSealed(frame, attempt)) return true
    if (frame.type === 'error' || 'message' in frame) return false
  }
  return false
}

const watched = async (connection: Pick<Connection, 'openSocket'>, { id, attempts }: Session, over: AbortSignal) => {
  const socket = await connection.openSocket()
  over.addEventListener('abort', socket.close, { once: true })
  try {
    if (over.aborted) return false
    const { number: attempt = 1, lastSeq = 0 } = attempts.at(-1) ?? {}
    socket.send({ type: 'attach', session: id, from: { attempt, seq: lastSeq + 1 } })
    return await heard(socket, attempt)
  } finally {
    socket.close()
  }
}

/**
 * From afar history ends at the last seal, which is up to a minute ago. Whoever begins to watch makes the machine seal, at most once a
 * second however many come; so we begin, and leave when it has. False when it did not say so in time: then the end may be missing.
 */
export const waitForSeal = async (
  connection: Pick<Connection, 'isNear' | 'openSocket'>,
  session: Session,
  answerMs = ANSWER_MS,
): Promise<boolean> => {
  if (connection.isNear || session.state !== 'running') return true
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), answerMs)
  const late = new Promise<false>((resolve) => over.signal.addEventListener('abort', () => resolve(false), { once: true }))
  const asking = watched(connection, session, over.signal).catch((error: unknown) => {
    if (isGone(error) || canComeBack(error)) return false
    throw error
  })
  return Promise.race([asking, late]).finally(() => clearTimeout(timer))
}
