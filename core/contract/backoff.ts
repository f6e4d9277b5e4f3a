/** From 0, never 1. */
export type Random = () => number

export type BackoffOptions = {
  firstMs: number
  longestMs: number
  random: Random
}

/**
 * Pauses between tries, with full jitter: each is anything from nothing to a limit that doubles. Many that are cut off at the same moment
 * come back spread over all of that time; half of it fixed would leave them a crowd.
 */
export const openBackoff = ({ firstMs, longestMs, random }: BackoffOptions) => {
  let most = firstMs
  return {
    /** ms before the next try. */
    next: (): number => {
      const ms = random() * most
      most = Math.min(longestMs, most * 2)
      return ms
    },
    /** The longest that the next pause can be, in ms. */
    most: (): number => most,
    /** After a try that went well. */
    reset: () => {
      most = firstMs
    },
  }
}
export type Backoff = ReturnType<typeof openBackoff>
