import type { BundleFacts } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'

/** Stores the bytes if they have that SHA-256, else throws `bad_request`. */
export const putBundle =
  (ports: Pick<Ports, 'bundles' | 'audit' | 'ids' | 'clock'>) =>
  async (sha256: string, bytes: ReadableStream<Uint8Array>, facts: BundleFacts, by: string) =>
    audited(ports)({ by, what: 'bundle store', on: `bundle ${sha256}`, detail: { repository: facts.repository } }, () =>
      ports.bundles.put(sha256, bytes, facts),
    )
