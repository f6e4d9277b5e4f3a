import { PassThrough } from 'node:stream'
import type { Io } from '../../cli/io.ts'
import type { World } from '../support/world.ts'

/** An Io of a test: what was printed, what is typed, and Ctrl-C. */
export const testIo = ({ env, home }: Pick<World, 'env' | 'home'>, { terminal = false, cwd = home } = {}) => {
  const stream = () => Object.assign(new PassThrough(), { isTTY: terminal, columns: 80 })
  const [stdin, stdout, stderr] = [stream(), stream(), stream()]
  const printed = { out: '', err: '' }
  stdout.on('data', (chunk: Buffer) => {
    printed.out += chunk.toString()
  })
  stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString()
  })
  let interrupt = () => {}
  const io: Io = {
    stdin,
    stdout,
    stderr,
    env,
    cwd,
    onInterrupt: (heard) => {
      interrupt = heard
      return () => undefined
    },
  }
  return { io, printed, type: (line: string) => stdin.write(`${line}\n`), interrupt: () => interrupt() }
}
