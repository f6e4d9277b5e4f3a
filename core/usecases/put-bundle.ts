import type { BundleFacts } from '../contract/repository.ts'
import type { Ports } from '../ports/ports.ts'

/** Stores the bytes if they have that SHA-256, else throws `bad_request`. */
export const putBundle =
  ({ bundles }: Pick<Ports, 'bundles'>) =>
  async (sha256: string, bytes: ReadableStream<Uint8Array>, facts: BundleFacts) =>
    bundles.put(sha256, bytes, facts)
