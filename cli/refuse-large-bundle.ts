import { MOST_BUNDLE_BYTES } from '../core/contract/most-bundle-bytes.ts'
import { RemoteError } from '../core/contract/remote-error.ts'

/** Before a byte of it is sent. */
export const refuseLargeBundle = (bytes: number): void => {
  if (bytes <= MOST_BUNDLE_BYTES) return
  const [gb, most] = [Math.ceil(bytes / 1024 ** 3), MOST_BUNDLE_BYTES / 1024 ** 3]
  throw new RemoteError('too_large', `what is new in the repository is ${gb} GB, and ${most} GB are taken at once`, {
    hint: 'dispatch an older commit first (--ref), so that each step is smaller; or leave large files out of it (.gitignore)',
  })
}
