import type { Readable, Writable } from 'node:stream'
import { RemoteError } from '../core/contract/remote-error.ts'

export type Output = Writable & { isTTY?: boolean; columns?: number; rows?: number }
export type Input = Readable & { isTTY?: boolean; isRaw?: boolean; setRawMode?: (on: boolean) => unknown }

/** Everything of the outside that a command touches: a test hands in its own. */
export type Io = {
  stdin: Input
  stdout: Output
  stderr: Output
  env: NodeJS.ProcessEnv
  cwd: string
  /** Calls `heard` on each Ctrl-C or SIGTERM; the answer stops listening. */
  onInterrupt(heard: () => void): () => void
}

const currentDirectory = (): string => {
  try {
    return process.cwd()
  } catch (cause) {
    const was = process.env['PWD']
    throw new RemoteError('refused', `the directory you are in is gone${was ? `: ${was}` : ''}`, {
      hint: 'go to one that is there: cd',
      cause,
    })
  }
}

/** This process. A stream is opened by the first look at it: each takes a millisecond, and few commands need all three. */
export const processIo = (): Io => ({
  get stdin() {
    return process.stdin
  },
  get stdout() {
    return process.stdout
  },
  get stderr() {
    return process.stderr
  },
  env: process.env,
  // Asked for when it is needed: it may be gone, and most verbs need none.
  get cwd() {
    return currentDirectory()
  },
  onInterrupt: (heard) => {
    process.on('SIGINT', heard)
    process.on('SIGTERM', heard)
    return () => {
      process.off('SIGINT', heard)
      process.off('SIGTERM', heard)
    }
  },
})

/** The reader of our output has gone: nothing is left to say. */
export class OutputClosed extends Error {}

/** What an output that takes nothing more failed of: a reader that went is no failure of ours, a full disk below a redirection is. */
export const whyClosed = (errored: Error | null | undefined): Error => {
  const code = errored && 'code' in errored ? errored.code : undefined
  if (!errored || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return new OutputClosed()
  return new RemoteError('refused', `the output could not be written (${code ?? errored.message})`, {
    hint: 'see to where it goes: a disk that is full, a terminal that is gone',
    cause: errored,
  })
}

/** Resolves when the stream takes more: a reader that is slow slows us down and costs no memory. */
export const write = (stream: Writable, data: string | Uint8Array): Promise<void> => {
  if (stream.destroyed || stream.errored) return Promise.reject(whyClosed(stream.errored))
  if (stream.write(data)) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const done = () => {
      stream.off('drain', drained)
      stream.off('close', closed)
      stream.off('error', closed)
    }
    const drained = () => {
      done()
      resolve()
    }
    // Told with the event: what writes to a file keeps no error.
    const closed = (error?: Error) => {
      done()
      reject(whyClosed(error ?? stream.errored))
    }
    stream.on('drain', drained)
    stream.on('close', closed)
    stream.on('error', closed)
  })
}
