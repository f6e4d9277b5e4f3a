import { RemoteError } from '../../core/contract/remote-error.ts'
import { codeOf } from '../connect.ts'
import { BROKEN, type Exchange, exchange, NOT_SENT } from './exchange.ts'
import { openTries } from './try-again.ts'

const STORED_MS = 60_000 // without a byte
/** A machine packs 8 MB at most, and one record more. */
const MOST_UNPACKED_BYTES = 256 * 1024 * 1024
const PASSING = [...NOT_SENT, ...BROKEN]
const ONLINE = 'is this computer online? see what is wrong: remote cloud doctor'

const isOf = async (bytes: Uint8Array, sha256: string): Promise<boolean> => {
  const { createHash } = await import('node:crypto')
  return createHash('sha256').update(bytes).digest('hex') === sha256
}
const changed = (cause?: unknown) =>
  new RemoteError('corrupt', 'a part of the log is not what was recorded of it', {
    hint: 'try again: it may just be replaced by a longer one; if it stays so, its machine has changed it afterwards',
    cause,
  })
const gone = (status: number) =>
  new RemoteError('unavailable', `what was asked for is not in the bucket any more, or its address has expired (${status})`, {
    hint: 'try again; logs and results are kept for 30 days unless the stack says otherwise',
  })

/** What lies outside of the API is addressed by a signature of its own: ours must not go there. `sha256`: of the bytes, before they are unpacked. */
export const fetchStored = (say: (text: string) => Promise<void>) => {
  const get = async (url: string): Promise<Exchange> => {
    const again = openTries(say)
    for (;;) {
      const answer = await exchange({ method: 'GET', url, timeoutMs: STORED_MS }).catch((error: unknown) => {
        if (PASSING.includes(codeOf(error) ?? '')) return undefined
        throw error
      })
      if (answer && answer.status < 500) return answer
      const why = answer ? `S3 answers ${answer.status}` : 'S3 cannot be reached'
      if (!(await again(why))) throw new RemoteError('unavailable', why, { hint: ONLINE })
    }
  }

  return async (url: string, sha256?: string): Promise<Uint8Array> => {
    const { status, headers, bytes } = await get(url)
    if (status !== 200) throw gone(status)
    if (sha256 !== undefined && !(await isOf(bytes, sha256))) throw changed()
    const isPacked = headers['content-encoding'] === 'gzip' || (bytes[0] === 0x1f && bytes[1] === 0x8b)
    if (!isPacked) return bytes
    const { gunzipSync } = await import('node:zlib')
    try {
      return gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED_BYTES })
    } catch (error) {
      throw changed(error)
    }
  }
}
