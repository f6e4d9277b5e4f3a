import type { BundleOffer, BundleUpload } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'

/** Where a bundle is to be sent. */
export const uploadBundle =
  ({ bundles }: Pick<Ports, 'bundles'>) =>
  async (sha256: string, offer: BundleOffer): Promise<BundleUpload> =>
    bundles.upload(sha256, offer)
