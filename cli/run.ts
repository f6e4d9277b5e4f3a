import { type Io, type Output, OutputClosed, processIo, whyClosed } from './io.ts'
import { main } from './main.ts'

const flushed = (stream: Output) =>
  new Promise<void>((resolve) => {
    if (stream.destroyed || stream.errored) resolve()
    else stream.write('', () => resolve())
  })

/** What is little is taken at once, and found to have gone nowhere only now. */
const lastWord = async (io: Io, failed: Error | undefined, code: number): Promise<number> => {
  const why = whyClosed(failed)
  if (code !== 0 || why instanceof OutputClosed) return code
  const { sayError } = await import('./output/say-error.ts')
  return sayError(io, why, false).catch(() => code)
}

/** Runs as this process, and ends it: a socket that still closes must not keep the user waiting. */
export const run = async (argv: readonly string[]): Promise<void> => {
  const opened = new Set<Output>()
  const failures = new Map<Output, Error>()
  const open = (stream: Output): Output => {
    // A reader that went away is noticed by whoever writes next (io.ts).
    if (!opened.has(stream)) stream.on('error', (error) => failures.set(stream, error))
    opened.add(stream)
    return stream
  }
  const own = processIo()
  const io: Io = Object.create(own, { stdout: { get: () => open(own.stdout) }, stderr: { get: () => open(own.stderr) } })
  const code = await main(argv, io)
  await Promise.all([...opened].map(flushed))
  process.exit(await lastWord(io, failures.size > 0 ? failures.get(own.stdout) : undefined, code))
}
