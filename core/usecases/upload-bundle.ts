import type { BundleOffer, BundleUpload } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseTooLarge } from './check-bundle.ts'

/** Where a bundle is to be sent. Throws `too_large`. */
export const uploadBundle =
  ({ bundles }: Pick<Ports, 'bundles'>) =>
  async (sha256: string, offer: BundleOffer): Promise<BundleUpload> => {
    refuseTooLarge(offer.bytes)
    return bundles.upload(sha256, offer)
  }
