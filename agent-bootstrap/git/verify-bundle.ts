import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type BundleHeader, readBundle } from '../../core/contract/bundle-header.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'

const broken = (what: string): RemoteError =>
  new RemoteError('repository', `the bundle is broken: ${what}`, { hint: 'dispatch again' })

/** Reads the whole file: its hash must be the announced one before anything in it is believed. */
export const verifyBundle = async (file: string, sha256: string): Promise<BundleHeader> => {
  const hash = createHash('sha256')
  const header = await readBundle(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash)
  if (hash.digest('hex') !== sha256) throw broken('its SHA-256 is not the announced one')
  if ('broken' in header) throw broken(header.broken)
  return header
}
