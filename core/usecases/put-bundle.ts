import { SESSION_ID } from '../contract/id-patterns.ts'
import type { BundleFacts } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'
import { checkedBundle } from './check-bundle.ts'

/** A runner on the user's own computer calls itself by its session. */
const isRunner = (by: string) => SESSION_ID.test(by)

/** Stores the bytes if they have that SHA-256 and are such a bundle, else throws `bad_request`. */
export const putBundle =
  (ports: Pick<Ports, 'bundles' | 'audit' | 'ids' | 'clock'>) =>
  async (sha256: string, bytes: ReadableStream<Uint8Array>, facts: BundleFacts, by: string) =>
    audited(ports)({ by, what: 'bundle store', on: `bundle ${sha256}`, detail: { repository: facts.repository } }, () =>
      ports.bundles.put(sha256, checkedBundle(bytes, facts, isRunner(by)), facts),
    )
