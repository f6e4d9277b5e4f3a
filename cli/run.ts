import { type Io, type Output, processIo } from './io.ts'
import { main } from './main.ts'

const flushed = (stream: Output) =>
  new Promise<void>((resolve) => {
    if (stream.destroyed || stream.errored) resolve()
    else stream.write('', () => resolve())
  })

/** Runs as this process, and ends it: a socket that still closes must not keep the user waiting. */
export const run = async (argv: readonly string[]): Promise<void> => {
  const opened = new Set<Output>()
  const open = (stream: Output): Output => {
    // A reader that went away is noticed by whoever writes next (io.ts).
    if (!opened.has(stream)) stream.on('error', () => undefined)
    opened.add(stream)
    return stream
  }
  const own = processIo()
  const io: Io = Object.create(own, { stdout: { get: () => open(own.stdout) }, stderr: { get: () => open(own.stderr) } })
  const code = await main(argv, io)
  await Promise.all([...opened].map(flushed))
  process.exit(code)
}
