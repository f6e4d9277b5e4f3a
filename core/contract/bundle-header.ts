/** `needs`: commits that the receiver must have. `packOffset`: where the pack begins. */
export type BundleHeader = { tips: string[]; needs: string[]; packOffset: number }

/** Of ours has 64 tips and 4,096 needs at most, and a line of 200 bytes for each. */
export const MOST_HEADER_BYTES = 1024 * 1024

const LINE_BREAK = 10
const decoder = new TextDecoder('latin1') // what follows an id in its line may be anything

const endOf = (bytes: Uint8Array): number => {
  for (let at = bytes.indexOf(LINE_BREAK); at >= 0; at = bytes.indexOf(LINE_BREAK, at + 1))
    if (bytes[at + 1] === LINE_BREAK) return at
  return -1
}

/**
 * What a git bundle says of itself, read from its first bytes. `broken`: why these are of no bundle of ours. `undefined`: the header does
 * not end in these bytes, and more of them are to be read, up to MOST_HEADER_BYTES.
 */
export const bundleHeader = (bytes: Uint8Array): BundleHeader | { broken: string } | undefined => {
  const start = decoder.decode(bytes.subarray(0, 16))
  if (!'# v2 git bundle\n'.startsWith(start) && !'# v3 git bundle\n'.startsWith(start))
    return { broken: 'it does not begin like one' }
  const end = endOf(bytes)
  if (end < 0) return bytes.length < MOST_HEADER_BYTES ? undefined : { broken: 'its header has no end' }
  const header: BundleHeader = { tips: [], needs: [], packOffset: end + 2 }
  for (const line of decoder.decode(bytes.subarray(0, end)).split('\n').slice(1)) {
    const [, minus, oid] = /^(-?)([0-9a-f]{64}|[0-9a-f]{40})(?: |$)/.exec(line) ?? []
    if (oid !== undefined) (minus === '-' ? header.needs : header.tips).push(oid)
    else if (!line.startsWith('@object-format=')) return { broken: 'its header has a line that is not known' }
  }
  return header
}

/**
 * Reads a whole bundle, each part of it into `hash` (what it says of itself counts only when that is right). Answers its header, or why it is
 * none of ours.
 */
export const readBundle = async (
  bytes: AsyncIterable<Uint8Array>,
  hash: { update(part: Uint8Array): unknown },
): Promise<BundleHeader | { broken: string }> => {
  let start = new Uint8Array(0)
  let header: ReturnType<typeof bundleHeader>
  for await (const part of bytes) {
    hash.update(part)
    if (header) continue
    const more = new Uint8Array(start.length + part.length)
    more.set(start)
    more.set(part, start.length)
    start = more
    header = bundleHeader(start)
  }
  return header ?? { broken: 'it ends within its header' }
}
