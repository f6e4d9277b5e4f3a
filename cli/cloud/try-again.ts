import { setTimeout as pause } from 'node:timers/promises'
import type { Backoff, Random } from '../../core/contract/backoff.ts'
import { openBackoff } from '../backoff.ts'

const FIRST_MS = 200
const LONGEST_MS = 8000
/** Whoever waits so long wants to know why. */
const SAY_MS = 2000
/** Then it is the caller's to try later. */
export const GIVE_UP_MS = 45_000

/** How a person's calls are repeated. */
export const backoffOf = (random?: Random): Backoff => openBackoff({ firstMs: FIRST_MS, longestMs: LONGEST_MS, random })

/** Waits before the next try, longer each time and never like others do; answers false when there were enough. Says when it takes long. */
export const openTries = (say: (text: string) => Promise<void>) => {
  const began = performance.now()
  const backoff = backoffOf()
  let said = false
  return async (why: string): Promise<boolean> => {
    const waited = performance.now() - began
    if (waited > GIVE_UP_MS) return false
    if (waited > SAY_MS && !said) {
      said = true
      await say(`${why}; trying again for up to ${GIVE_UP_MS / 1000} s`)
    }
    await pause(backoff.next())
    return true
  }
}
