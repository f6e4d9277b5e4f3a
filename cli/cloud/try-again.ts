import { setTimeout as pause } from 'node:timers/promises'

const FIRST_MS = 200
const LONGEST_MS = 8000
/** Whoever waits so long wants to know why. */
const SAY_MS = 2000
/** Then it is the caller's to try later. */
export const GIVE_UP_MS = 45_000

/** How long before try `tries` + 1; `random` from 0 to 1, so that many do not come back together. */
export const pauseMs = (tries: number, random: number): number => {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries)
  return most / 2 + (random * most) / 2
}

/** Waits before the next try, longer each time and never like others do; answers false when there were enough. Says when it takes long. */
export const openTries = (say: (text: string) => Promise<void>) => {
  const began = performance.now()
  let tries = 0
  let said = false
  return async (why: string): Promise<boolean> => {
    const waited = performance.now() - began
    if (waited > GIVE_UP_MS) return false
    if (waited > SAY_MS && !said) {
      said = true
      await say(`${why}; trying again for up to ${GIVE_UP_MS / 1000} s`)
    }
    await pause(pauseMs(tries++, Math.random()))
    return true
  }
}
