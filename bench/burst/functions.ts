import { AsyncLocalStorage } from 'node:async_hooks'
import { LIMITS } from './limits.ts'
import type { VirtualTime } from './virtual-time.ts'

/** One invocation: it can die at any moment, and nobody hears of what it had begun. */
type Invocation = { what: string; die(): void }
type Names = 'Lambda.TooManyRequestsException' | 'Lambda.Unknown'

const failed = (name: Names) => Object.assign(new Error(name), { name })

/** Functions of one account: so many at once, each takes a moment, and some crash. */
export const openFunctions = (time: VirtualTime, random: () => number) => {
  const current = new AsyncLocalStorage<Invocation>()
  const count = { most: 0, refused: 0, crashed: 0 }
  let running = 0

  const invoke = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    if (running >= LIMITS.functionsAtOnce) {
      count.refused += 1
      throw failed('Lambda.TooManyRequestsException')
    }
    running += 1
    count.most = Math.max(count.most, running)
    try {
      await time.sleep(30 + random() * 90)
      return await new Promise<T>((resolve, reject) => {
        const die = () => {
          count.crashed += 1
          reject(failed('Lambda.Unknown'))
        }
        current.run({ what, die }, () => work().then(resolve, reject))
      })
    } finally {
      running -= 1
    }
  }
  return {
    invoke,
    count,
    current: () => current.getStore()?.what,
    /** Ends the function that is running here: what it awaits never comes. */
    crash: () => {
      current.getStore()?.die()
      return new Promise<never>(() => undefined)
    },
  }
}
export type Functions = ReturnType<typeof openFunctions>
