import type { BundleOffer } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'
import { checkBundle } from './check-bundle.ts'

/** A bundle was sent to the absolute url of its upload. Throws `bad_request` unless bytes of that SHA-256, and such a bundle, are there. */
export const bundleStored =
  (ports: Pick<Ports, 'bundles' | 'audit' | 'ids' | 'clock'>) =>
  async (sha256: string, offer: BundleOffer, by: string): Promise<void> => {
    const { bytes, facts } = offer
    const asked = { by, what: 'bundle store', on: `bundle ${sha256}`, detail: { repository: facts.repository, bytes } }
    return audited(ports)(asked, async () => {
      const start = await ports.bundles.start(sha256)
      if (start) checkBundle(start, facts)
      await ports.bundles.stored(sha256, offer)
    })
  }
