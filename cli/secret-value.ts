import { isUtf8 } from 'node:buffer'
import { RemoteError } from '../core/contract/remote-error.ts'

const MIN_CHARACTERS = 8
const MAX_BYTES = 65_536

export const readSecret = async (stream: AsyncIterable<Uint8Array | string>, max = MAX_BYTES): Promise<string> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    parts.push(Buffer.from(part))
    bytes += part.length
    if (bytes > max)
      throw new RemoteError('too_large', `a secret has at most ${max / 1024} KB`, {
        hint: 'store a key that opens the large one',
      })
  }
  const all = Buffer.concat(parts)
  // A session gets it as a variable: of other bytes it would get something else, or nothing.
  if (!isUtf8(all) || all.includes(0))
    throw new RemoteError('usage', 'a secret is text, and this one has bytes that are not UTF-8, or a NUL', {
      hint: 'encode it, for example as base64: … | base64; and decode it in the session',
    })
  return all.toString('utf8')
}

/** The secret in what was read. Throws when it cannot be redacted. */
export const checkSecret = (read: string, what: string): string => {
  // The line break that echo and most tools add is not part of it.
  const value = read.replace(/\r?\n$/, '')
  if (value.length >= MIN_CHARACTERS) return value
  throw new RemoteError(
    'refused',
    `${what} has ${value.length} characters; fewer than ${MIN_CHARACTERS} cannot be kept out of logs soundly`,
    { hint: 'a value that short is no secret: give it with --env instead' },
  )
}
