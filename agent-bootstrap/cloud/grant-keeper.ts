import type { Grant, Renewed } from '../../core/contract/runner.ts'
import { openBackoff } from '../backoff.ts'

const EARLY_MS = 600_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

export type GrantKeeperOptions = {
  grant: Grant
  renew(): Promise<Renewed>
  /** The grant is over and no other could be had. Called once; it is asked for all the same. */
  onExpired(why: string): void
  /** Another one holds from now on. */
  onRenewed?(grant: Grant): void
  /** How long before its end another one is asked for. */
  earlyMs?: number
}

/** The grant that holds now: before its end comes another one. */
export const openGrantKeeper = ({ grant, renew, onExpired, onRenewed, earlyMs = EARLY_MS }: GrantKeeperOptions) => {
  let held = grant
  const backoff = openBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
  let timer: NodeJS.Timeout
  let isOver = false
  let closed = false

  const left = () => Date.parse(held.expiresAt) - Date.now() || 0
  const askIn = (ms: number) => {
    if (closed) return
    timer = setTimeout(() => void ask(), Math.max(0, ms))
  }
  const askBeforeItsEnd = () => askIn(Math.max(left() - earlyMs, FIRST_PAUSE_MS))

  const failed = (error: unknown) => {
    if (left() <= 0 && !isOver && !closed) {
      isOver = true
      onExpired(error instanceof Error ? error.message : String(error))
    }
    const pause = backoff.next()
    askIn(left() > 0 ? Math.min(pause, left()) : pause)
  }

  const ask = async () => {
    try {
      const { grant: next } = await renew()
      if (!next) return failed(new Error('the control plane gives no grant any more'))
      held = next
      onRenewed?.(next)
      backoff.reset()
      askBeforeItsEnd()
    } catch (error) {
      failed(error)
    }
  }

  askBeforeItsEnd()
  return {
    current: () => held,
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}
export type GrantKeeper = ReturnType<typeof openGrantKeeper>
