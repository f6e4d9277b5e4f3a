import { createReadStream } from 'node:fs'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Client } from '../client.ts'
import { codeOf, type OutgoingBundle } from '../connect.ts'
import { putBytes } from '../put-bytes.ts'
import { refuseLargeBundle } from '../refuse-large-bundle.ts'

const TRIES = 3
const CHUNK_BYTES = 256 * 1024

const isBroken = (error: unknown) => ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(codeOf(error) ?? '')

/** Straight into the bucket, to an address that is signed for these bytes alone; then the control plane counts on them. */
export const uploadBundle = async (
  api: Pick<Client, 'post'>,
  { sha256, file, bytes, facts, onBytes }: OutgoingBundle,
): Promise<void> => {
  refuseLargeBundle(bytes)
  const input = { param: { sha256 }, json: { bytes, facts } }
  for (let tries = 1; ; tries++) {
    const { url, headers } = await api.post('/v1/bundles/:sha256/upload', input)
    const body = createReadStream(file, { highWaterMark: CHUNK_BYTES })
    const put = putBytes({ target: { url: new URL(url) }, body, length: bytes, headers, onBytes })
    const { status, text } = await put.catch((error: unknown) => {
      if (!isBroken(error)) throw error
      return { status: 503, text: 'the connection broke' }
    })
    if (status < 300) break
    if (tries < TRIES && (status >= 500 || /RequestTimeout|expired/i.test(text))) continue
    throw new RemoteError('unavailable', `S3 did not take the repository (${status})`, {
      hint: `it says: ${/<Message>([^<]{1,300})/.exec(text)?.[1] ?? (text.slice(0, 200) || 'nothing')}; try again`,
    })
  }
  await api.post('/v1/bundles/:sha256/stored', input)
}
