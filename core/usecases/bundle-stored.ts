import type { BundleOffer } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'

/** A bundle was sent to the absolute url of its upload. Throws `bad_request` unless bytes of that SHA-256 are there. */
export const bundleStored =
  ({ bundles }: Pick<Ports, 'bundles'>) =>
  async (sha256: string, offer: BundleOffer): Promise<void> =>
    bundles.stored(sha256, offer)
