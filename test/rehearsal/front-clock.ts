/** The front's own time: tests move it on instead of waiting two hours. */
export type Clock = { now(): number; advance(ms: number): void }

export const movableClock = (): Clock => {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms
    },
  }
}
