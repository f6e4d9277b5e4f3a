import { isUtf8 } from 'node:buffer'
import { RemoteError } from '../core/contract/remote-error.ts'
import type { Input, Io } from './io.ts'

/** As the contract's MAX_TASK_CHARACTERS, which is not worth loading all schemas for. */
const MAX_CHARACTERS = 256_000
const MAX_BYTES = 4 * MAX_CHARACTERS

const tooLong = (what: string) =>
  new RemoteError('too_large', `the ${what} is longer than ${MAX_CHARACTERS} characters`, {
    hint: 'put what is long into a file of the repository and name it in the task',
  })

export const readAll = async (stdin: Input, what: string): Promise<string> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stdin) {
    const buffer = Buffer.from(part)
    bytes += buffer.length
    if (bytes > MAX_BYTES) throw tooLong(what)
    parts.push(buffer)
  }
  const all = Buffer.concat(parts)
  // Read as text it would silently become something else.
  if (!isUtf8(all))
    throw new RemoteError('usage', `the ${what} is not UTF-8`, { hint: 'encode it first, for example as base64: … | base64' })
  return all.toString('utf8')
}

/** The words of a call as one text; `-` alone reads stdin. */
export const readTask = async (io: Io, words: readonly string[], what = 'task'): Promise<string> => {
  const text = words.length === 1 && words[0] === '-' ? (await readAll(io.stdin, what)).trimEnd() : words.join(' ')
  if (text.length > MAX_CHARACTERS) throw tooLong(what)
  if (text.includes('\0'))
    throw new RemoteError('usage', `the ${what} has a NUL byte in it`, {
      hint: 'no program can be given one: put it into a file',
    })
  if (text.trim() === '') throw new RemoteError('usage', `the ${what} is empty`, { hint: 'say what is to be done, in quotes' })
  return text
}
