import type { Session } from '../../core/contract/session.ts'
import { nextMove } from '../../core/lifecycle/next-move.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import type { Callbacks } from './callbacks.ts'
import type { Wait, WaitStore } from './dynamo-wait-store.ts'

export type Waking = {
  sessions: Pick<SessionStore, 'get'>
  waits: WaitStore
  callbacks: Callbacks
  clock: Clock
  bootSeconds: number
}

/** A wait that would end this much later than it should is ended now. Less is how long it took to begin it, and costs nobody anything. */
const SLACK_MS = 20_000

const isOver = (wait: Wait, session: Session, now: number, bootSeconds: number): boolean => {
  const move = nextMove(session, now, bootSeconds)
  return move.next !== wait.for || now + move.seconds * 1000 < wait.until - SLACK_MS
}

/**
 * Completes the wait of a session whose record has moved on, or whose end came nearer; otherwise says that it is alive. Facts and
 * waits are both stored before this looks, so whichever comes second completes the step. May be repeated.
 */
export const wakeWaiting =
  ({ sessions, waits, callbacks, clock, bootSeconds }: Waking) =>
  async (id: string): Promise<void> => {
    const wait = await waits.get(id)
    if (!wait) return
    const session = await sessions.get(id)
    if (!session) return
    const now = clock.now()
    if (!isOver(wait, session, now, bootSeconds)) {
      if (wait.for === 'Run' && !session.unreachable) await callbacks.beat(wait.token)
      return
    }
    // Forgotten only after it was answered: a crash in between answers twice, which the second time is nothing.
    await callbacks.succeed(wait.token, { session: id, ...nextMove(session, now, bootSeconds) })
    await waits.remove(id, wait.token)
  }
