import { RemoteError } from '../core/contract/remote-error.ts'
import { type Input, type Io, write } from './io.ts'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const ERASE = ['\u007f', '\b']
const ENTER = ['\r', '\n', CTRL_D]

const stopped = () => new RemoteError('usage', 'nothing was entered', { hint: 'nothing was changed' })

/** One line typed on a terminal. */
export const askLine = async (io: Io, question: string): Promise<string> => {
  const { createInterface } = await import('node:readline/promises')
  await write(io.stderr, question)
  const reader = createInterface({ input: io.stdin, terminal: false })
  try {
    for await (const line of reader) return line
    throw stopped()
  } finally {
    reader.close()
  }
}

const typed = (stdin: Input): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const end = (settle: () => void) => {
      stdin.off('data', hear)
      stdin.off('end', closed)
      stdin.pause()
      settle()
    }
    const closed = () => end(() => reject(stopped()))
    const hear = (chunk: Buffer) => {
      for (const key of chunk.toString('utf8')) {
        if (key === CTRL_C) return end(() => reject(stopped()))
        if (ENTER.includes(key)) return end(() => resolve(text))
        text = ERASE.includes(key) ? [...text].slice(0, -1).join('') : text + key
      }
    }
    stdin.on('data', hear)
    stdin.on('end', closed)
    stdin.resume()
  })

/** One line typed on a terminal without being shown. */
export const askHidden = async (io: Io, question: string): Promise<string> => {
  const { stdin } = io
  await write(io.stderr, question)
  stdin.setRawMode?.(true)
  try {
    return await typed(stdin)
  } finally {
    stdin.setRawMode?.(false)
    await write(io.stderr, '\n')
  }
}
