import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { RemoteError } from '../../core/contract/remote-error.ts'

export type BundleHeader = { tips: string[]; needs: string[] /** Where the pack begins. */; packOffset: number }

const MAX_HEADER_BYTES = 1024 * 1024

const broken = (what: string): RemoteError =>
  new RemoteError('repository', `the bundle is broken: ${what}`, { hint: 'dispatch again' })

/** Reads the whole file: its hash must be the announced one before anything in it is believed. */
export const verifyBundle = async (file: string, sha256: string): Promise<BundleHeader> => {
  const hash = createHash('sha256')
  const head: Buffer[] = []
  let kept = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer)
    if (kept < MAX_HEADER_BYTES) kept += head.push(chunk as Buffer) && (chunk as Buffer).length
  }
  if (hash.digest('hex') !== sha256) throw broken('its SHA-256 is not the announced one')
  return parseHeader(Buffer.concat(head))
}

const parseHeader = (bytes: Buffer): BundleHeader => {
  const end = bytes.indexOf('\n\n')
  const [first = '', ...lines] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\n')
  if (end < 0 || !/^# v[23] git bundle$/.test(first)) throw broken('it does not begin like one')
  const header: BundleHeader = { tips: [], needs: [], packOffset: end + 2 }
  for (const line of lines) {
    const [, minus, oid] = /^(-?)([0-9a-f]{40,64})(?: |$)/.exec(line) ?? []
    if (oid !== undefined) (minus === '-' ? header.needs : header.tips).push(oid)
    else if (!line.startsWith('@object-format=')) throw broken('its header has a line that is not known')
  }
  return header
}
