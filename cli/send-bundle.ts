import { createReadStream } from 'node:fs'
import { RemoteError } from '../core/contract/remote-error.ts'
import { valueIn } from './client.ts'
import type { OutgoingBundle } from './connect.ts'
import { putBytes } from './put-bytes.ts'
import { refuseLargeBundle } from './refuse-large-bundle.ts'

const CHUNK_BYTES = 256 * 1024

/** `PUT /v1/bundles/:sha256` over the daemon's socket. */
export const sendBundle = async (
  socketPath: string,
  by: string,
  { sha256, file, bytes, facts, onBytes }: OutgoingBundle,
): Promise<void> => {
  refuseLargeBundle(bytes)
  const headers = {
    'x-remote-by': by,
    'x-remote-repository': facts.repository,
    'x-remote-tips': facts.tips.join(','),
    'x-remote-needs': facts.needs.join(','),
  }
  const body = createReadStream(file, { highWaterMark: CHUNK_BYTES })
  const { status, text } = await putBytes({
    target: { socketPath, path: `/v1/bundles/${sha256}` },
    body,
    length: bytes,
    headers,
    onBytes,
  })
  if (status < 300) return
  valueIn(status, text)
  throw new RemoteError('bug', `the daemon answered ${status}`)
}
