import { PassThrough, Readable } from 'node:stream'
import type { Io } from '../../cli/io.ts'
import { main } from '../../cli/main.ts'

export type Run = { code: number; out: string; err: string }
export type RunOptions = {
  env: NodeJS.ProcessEnv
  cwd: string
  /** What is piped in; nothing when left out. */
  stdin?: string
  /** What is typed, as if all three were a terminal. */
  typed?: string
  columns?: number
  /** Ctrl-C, when it resolves. */
  interrupt?: Promise<void>
  /** Hears what is printed on stdout, as it is printed. */
  onOut?: (text: string) => void
}

const collecting = (isTTY: boolean, columns: number, heard: (text: string) => void = () => undefined) => {
  const chunks: Buffer[] = []
  const stream = Object.assign(new PassThrough(), { isTTY, columns })
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    heard(chunk.toString())
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

/** The program in this process, with its own streams. */
export const runMain = async (argv: string[], options: RunOptions): Promise<Run> => {
  const { env, cwd, stdin = '', typed, columns = 100, interrupt, onOut } = options
  const isTerminal = typed !== undefined
  const [out, err] = [collecting(isTerminal, columns, onOut), collecting(isTerminal, columns)]
  const modes: boolean[] = []
  const input = Object.assign(Readable.from([Buffer.from(typed ?? stdin)]), {
    isTTY: isTerminal,
    setRawMode: (on: boolean) => modes.push(on),
  })
  const onInterrupt = (heard: () => void) => {
    interrupt?.then(heard)
    return () => undefined
  }
  const io: Io = { stdin: input, stdout: out.stream, stderr: err.stream, env, cwd, onInterrupt }
  const code = await main(argv, io)
  if (modes.at(-1) === true) throw new Error('the terminal was left in raw mode')
  return { code, out: out.text(), err: err.text() }
}
