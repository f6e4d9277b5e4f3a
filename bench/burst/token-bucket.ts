/** As AWS throttles: a bucket of `size` tokens that fills by `perSecond`. */
export class TokenBucket {
  readonly #size: number
  readonly #perSecond: number
  readonly #now: () => number
  #tokens: number
  #at: number
  refused = 0

  constructor(size: number, perSecond: number, now: () => number) {
    this.#size = size
    this.#perSecond = perSecond
    this.#now = now
    this.#tokens = size
    this.#at = now()
  }
  /** False: throttled, and no token is taken. */
  take(): boolean {
    const now = this.#now()
    this.#tokens = Math.min(this.#size, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
    if (this.#tokens < 1 - 1e-9) {
      this.refused += 1
      return false
    }
    this.#tokens -= 1
    return true
  }
}
