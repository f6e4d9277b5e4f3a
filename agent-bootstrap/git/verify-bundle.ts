import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type BundleHeader, bundleHeader, MOST_HEADER_BYTES } from '../../core/contract/bundle-header.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'

const broken = (what: string): RemoteError =>
  new RemoteError('repository', `the bundle is broken: ${what}`, { hint: 'dispatch again' })

/** Reads the whole file: its hash must be the announced one before anything in it is believed. */
export const verifyBundle = async (file: string, sha256: string): Promise<BundleHeader> => {
  const hash = createHash('sha256')
  const head: Buffer[] = []
  let kept = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer)
    if (kept < MOST_HEADER_BYTES) kept += head.push(chunk as Buffer) && (chunk as Buffer).length
  }
  if (hash.digest('hex') !== sha256) throw broken('its SHA-256 is not the announced one')
  const header = bundleHeader(Buffer.concat(head)) ?? { broken: 'it ends within its header' }
  if ('broken' in header) throw broken(header.broken)
  return header
}
