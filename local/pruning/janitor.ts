import type { Clock } from '../../core/ports/clock.ts'
import { RETENTION } from './retention.ts'

/** A part of the work, called with the time. It may be repeated, also after it was cut off. */
export type Chore = (now: number) => Promise<unknown>

/** A daemon's first moments belong to whoever started it. */
const FIRST_MS = 10_000

export type Janitor = {
  /** All chores, one after the other; one that fails does not keep the others from being done. */
  sweep(): Promise<void>
  /** Soon, then every hour. */
  start(): void
  /** No chore begins any more; resolves when the one under way has ended. */
  settle(): Promise<void>
}

export const openJanitor = (chores: Readonly<Record<string, Chore>>, clock: Clock): Janitor => {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> | undefined

  const all = async () => {
    for (const [name, chore] of Object.entries(chores)) {
      if (stopped) return
      try {
        await chore(clock.now())
      } catch (error) {
        // The next sweep tries again.
        console.error('sweep', name, error)
      }
    }
  }
  const sweep = () => {
    sweeping ??= all().finally(() => {
      sweeping = undefined
    })
    return sweeping
  }
  const arm = (ms: number) => {
    timer = setTimeout(() => void sweep().then(() => !stopped && arm(RETENTION.sweepMs)), ms)
    timer.unref()
  }

  return {
    sweep,
    start: () => arm(FIRST_MS),
    settle: async () => {
      stopped = true
      clearTimeout(timer)
      await sweeping
    },
  }
}
