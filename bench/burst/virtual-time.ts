type Event = { at: number; n: number; run: () => void }

const isBefore = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.n < b.n)

/** Lets everything that waits for nothing but promises go on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Time that passes when nothing is left to do at a moment. Milliseconds since 1970. */
export class VirtualTime {
  #now: number
  #n = 0
  readonly #heap: Event[] = []

  constructor(from: number) {
    this.#now = from
  }
  now = () => this.#now

  at(ms: number, run: () => void) {
    const heap = this.#heap
    const event = { at: Math.max(ms, this.#now), n: this.#n++, run }
    let child = heap.push(event) - 1
    for (let parent = (child - 1) >> 1; child > 0; child = parent, parent = (child - 1) >> 1) {
      const above = heap[parent]
      if (!above || isBefore(above, event)) break
      heap[child] = above
      heap[parent] = event
    }
  }

  sleep = (ms: number) => new Promise<void>((resolve) => this.at(this.#now + ms, resolve))

  #next(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    heap[0] = last
    for (let parent = 0; ; ) {
      const left = heap[2 * parent + 1]
      const right = heap[2 * parent + 2]
      const child = right && left && isBefore(right, left) ? 2 * parent + 2 : 2 * parent + 1
      const below = heap[child]
      if (!below || isBefore(last, below)) return first
      heap[parent] = below
      heap[child] = last
      parent = child
    }
  }

  /** Until nothing waits for time any more. */
  async run() {
    await settle()
    for (let event = this.#next(); event; event = this.#next()) {
      this.#now = event.at
      event.run()
      // Of one moment all at once: they cannot wait for one another's time.
      while ((this.#heap[0]?.at ?? Number.POSITIVE_INFINITY) === this.#now) this.#next()?.run()
      await settle()
    }
  }
}
