import { RemoteError } from '../contract/remote-error.ts'
import type { BundleOffer } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'
import { checkBundle } from './check-bundle.ts'
import { refuseFenced } from './fenced.ts'
import { storedSession } from './stored-session.ts'

/** A machine put a bundle of its session's repository where its grant lets it write. May be repeated. */
export const resultStored =
  (ports: Pick<Ports, 'sessions' | 'bundles'>) =>
  async (id: string, attempt: number, sha256: string, offer: BundleOffer): Promise<void> => {
    const session = await storedSession(ports)(id)
    refuseFenced(session, attempt)
    if (session.request.repository?.id !== offer.facts.repository) {
      throw new RemoteError('refused', `session ${id} does not work on that repository`, {
        hint: 'a machine stores bundles of the repository that it was given',
      })
    }
    const start = await ports.bundles.start(sha256, id)
    if (start) checkBundle(start, offer.facts, true)
    await ports.bundles.stored(sha256, offer, id)
  }
