import { type BundleHeader, bundleHeader, MOST_HEADER_BYTES } from '../contract/bundle-header.ts'
import { MOST_BUNDLE_BYTES } from '../contract/most-bundle-bytes.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { BundleFacts } from '../contract/repository.ts'

const wrong = (what: string, hint = 'send it again') =>
  new RemoteError('bad_request', `the bundle is not as announced: ${what}`, { hint })

export const refuseTooLarge = (bytes: number): void => {
  if (bytes <= MOST_BUNDLE_BYTES) return
  throw new RemoteError(
    'too_large',
    `a bundle of ${Math.ceil(bytes / 1024 ** 3)} GB: at most ${MOST_BUNDLE_BYTES / 1024 ** 3} GB are taken`,
    {
      hint: 'dispatch an older commit first (--ref), so that each step is smaller; or leave large files out of the repository (.gitignore)',
    },
  )
}

const checkHeader = ({ tips, needs }: BundleHeader, facts: BundleFacts, isResult: boolean) => {
  const missing = facts.tips.find((tip) => !tips.includes(tip))
  if (missing !== undefined) throw wrong(`commit ${missing.slice(0, 12)} is not in it`)
  // What an agent left may stand on older commits than those it was given, and is complete all the same.
  const untold = isResult ? undefined : needs.find((need) => !facts.needs.includes(need))
  if (untold !== undefined) throw wrong(`it builds on commit ${untold.slice(0, 12)}, which was not said`)
}

/**
 * Whether a bundle's own header has the tips and needs that its sender tells: others build on those. `start`: its first bytes, up to
 * MOST_HEADER_BYTES. `isResult`: it is what a session left. Throws `bad_request`.
 */
export const checkBundle = (start: Uint8Array, facts: BundleFacts, isResult = false): void => {
  const header = bundleHeader(start)
  if (header === undefined) throw wrong('it ends within its header')
  if ('broken' in header) throw wrong(header.broken, 'only git bundles are stored')
  checkHeader(header, facts, isResult)
}

/** The same bytes; they break off when they are none of the bundle that was announced, or too many. */
export const checkedBundle = (
  bytes: ReadableStream<Uint8Array>,
  facts: BundleFacts,
  isResult: boolean,
): ReadableStream<Uint8Array> => {
  let start: Uint8Array | undefined = new Uint8Array(0)
  let sum = 0
  const look = (part: Uint8Array) => {
    if (!start) return
    const more = new Uint8Array(start.length + part.length)
    more.set(start)
    more.set(part, start.length)
    start = more
    if (start.length < MOST_HEADER_BYTES && bundleHeader(start) === undefined) return
    checkBundle(start, facts, isResult)
    start = undefined
  }
  return bytes.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (part, out) => {
        sum += part.length
        refuseTooLarge(sum)
        look(part)
        out.enqueue(part)
      },
      flush: () => {
        if (start) checkBundle(start, facts, isResult)
      },
    }),
  )
}
