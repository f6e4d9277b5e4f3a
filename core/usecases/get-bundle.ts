import { RemoteError } from '../contract/remote-error.ts'
import type { Ports } from '../ports/ports.ts'

/** Its bytes, or the address past this API where they are. */
export const getBundle =
  ({ bundles }: Pick<Ports, 'bundles'>) =>
  async (sha256: string) => {
    const url = await bundles.url(sha256)
    if (url !== undefined) return { url }
    const bundle = await bundles.get(sha256)
    if (bundle) return bundle
    throw new RemoteError('not_found', `bundle ${sha256.slice(0, 12)} is not stored here`, {
      hint: 'it may have expired: dispatch again sends it again',
    })
  }
