class Died extends Error {}

/** More calls than anything here makes. */
const MOST_CALLS = 60

/** Lets whoever calls AWS die right after a call, before it has heard the answer. */
export const openMortality = () => {
  let left = Number.POSITIVE_INFINITY
  const dying = <C extends { send: (...args: never[]) => Promise<unknown> }>(client: C): C =>
    new Proxy(client, {
      get: (target, name) => {
        if (name !== 'send') return Reflect.get(target, name)
        return async (...args: never[]) => {
          if (left <= 0) throw new Died()
          const answer = await target.send(...args)
          left -= 1
          if (left <= 0) throw new Died()
          return answer
        }
      },
    })
  /** Does it as often as it dies on the way, one call later each time, until it lives. Answers how many calls it makes. */
  const walked = async (what: () => Promise<unknown>): Promise<number> => {
    for (let calls = 1; calls <= MOST_CALLS; calls++) {
      left = calls
      try {
        await what()
        return calls - 1
      } catch (error) {
        if (!(error instanceof Died) && !(error instanceof Error && error.cause instanceof Died)) throw error
      } finally {
        left = Number.POSITIVE_INFINITY
      }
    }
    throw new Error(`it makes more than ${MOST_CALLS} calls`)
  }
  const dieAfter = (calls: number) => {
    left = calls
  }
  return { dying, dieAfter, walked }
}
