const TRIES = 10
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 300

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Another transaction was at the same items at that moment. The SDK repeats throttled calls by itself, but not these. */
const isConflict = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const reasons: unknown = Reflect.get(error, 'CancellationReasons')
  if (!Array.isArray(reasons)) return error.name === 'TransactionConflictException'
  const codes = reasons.map((reason: { Code?: string }) => reason.Code ?? 'None').filter((code) => code !== 'None')
  return codes.length > 0 && codes.every((code) => code === 'TransactionConflict')
}

/** Repeats a call that met another one at the same items, after a longer, random pause each time: two that met must not meet again. */
export const pastConflicts = async <T>(call: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (tries === TRIES || !isConflict(error)) throw error
      await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries))
    }
  }
}
