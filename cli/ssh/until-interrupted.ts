import type { Io } from '../io.ts'

/** Ctrl-C, SIGTERM, or the terminal was closed, while something was being prepared. */
export class Interrupted extends Error {}

/** Hands `use` a signal that is aborted when we are to end, instead of ending at once: what is ours is cleared away all the same. */
export const untilInterrupted = async <T>(io: Pick<Io, 'onInterrupt'>, use: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const ending = new AbortController()
  const end = () => ending.abort()
  const deaf = io.onInterrupt(end)
  process.on('SIGHUP', end)
  try {
    return await use(ending.signal)
  } finally {
    deaf()
    process.off('SIGHUP', end)
  }
}

/** The work, or `Interrupted` as soon as the signal says so. */
export const unlessAborted = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
  if (signal.aborted) throw new Interrupted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Interrupted())
    signal.addEventListener('abort', stop, { once: true })
  })
  return Promise.race([work(), aborted]).finally(() => signal.removeEventListener('abort', stop))
}
