import type { InboxItem } from '../core/contract/inbox.ts'
import type { Beat, BeatAnswer } from '../core/contract/runner.ts'
import { openBackoff } from './backoff.ts'
import { type ControlPlane, Fenced } from './control-plane-client.ts'

const BEAT_MS = 30_000
const FIRST_PAUSE_MS = 500
/** After hello there is nothing to say yet, and a session's first moments have better things to do. */
const FIRST_BEAT_MS = 150
const LONGEST_PAUSE_MS = 5000

export type HeartbeatOptions = {
  plane: Pick<ControlPlane, 'beat' | 'inbox'>
  /** Inbox items up to this were handled before. */
  inboxAfter: number
  /** The oldest item that was handed over and only waits its turn: it would be lost with this machine, so it is not acknowledged. */
  untaken(): number | undefined
  /** What the next beat says, but for the inbox. */
  report(): Omit<Beat, 'inboxHandled'>
  onAnswer(answer: BeatAnswer): void
  /** In order, each once. */
  onItem(item: InboxItem): void
  onFenced(): void
}

/** Tells the control plane how things are, every 30 s and at once when rung, and brings what is in the inbox. */
export const openHeartbeat = ({ plane, inboxAfter, untaken, report, onAnswer, onItem, onFenced }: HeartbeatOptions) => {
  const stopping = new AbortController()
  let handled = inboxAfter
  let timer: NodeJS.Timeout | undefined
  const backoff = openBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
  let beating: Promise<boolean> | undefined
  let again: Promise<boolean> | undefined
  let hasBeaten = false
  const acknowledged = () => Math.min(handled, (untaken() ?? Number.POSITIVE_INFINITY) - 1)

  const once = async (): Promise<boolean> => {
    try {
      const answer = await plane.beat({ ...report(), inboxHandled: acknowledged() }, stopping.signal)
      if (stopping.signal.aborted) return false
      onAnswer(answer)
      if (answer.inboxLast > handled) {
        for (const item of await plane.inbox(handled)) {
          if (item.n <= handled) continue
          handled = item.n
          onItem(item)
        }
        void beat() // acknowledges them
      }
      backoff.reset()
      return true
    } catch (error) {
      if (error instanceof Fenced) onFenced()
      // Away, or refusing: the session goes on by itself, and the next beat says everything again.
      return false
    }
  }

  const run = async (): Promise<boolean> => {
    clearTimeout(timer)
    hasBeaten = true
    const heard = await once()
    beating = undefined
    if (!stopping.signal.aborted) timer = setTimeout(() => void beat(), heard ? BEAT_MS : backoff.next())
    return heard
  }

  /** A beat that begins now, or right after the one that is under way. True when it was answered. */
  const beat = (): Promise<boolean> => {
    if (stopping.signal.aborted) return Promise.resolve(false)
    if (!beating) {
      beating = run()
      return beating
    }
    again ??= beating.then(() => {
      again = undefined
      return beat()
    })
    return again
  }

  return {
    beat,
    /** The connection is there (again): whatever rang meanwhile was missed. */
    beatSoon: () => {
      if (hasBeaten) return void beat()
      clearTimeout(timer)
      timer = setTimeout(() => void beat(), FIRST_BEAT_MS)
    },
    acknowledged,
    stop: () => {
      stopping.abort()
      clearTimeout(timer)
    },
  }
}
export type Heartbeat = ReturnType<typeof openHeartbeat>
