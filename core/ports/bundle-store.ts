import type { BundleFacts, BundleOffer, BundleUpload } from '../contract/repository.ts'

export interface BundleStore {
  /** Stores the bytes if they have that SHA-256, else throws `bad_request`. May be repeated. Bytes are streamed, never held whole. */
  put(sha256: string, bytes: ReadableStream<Uint8Array>, facts: BundleFacts): Promise<void>
  /** Undefined when it is not there (any more). */
  get(sha256: string): Promise<{ bytes: number; body: ReadableStream<Uint8Array> } | undefined>
  /** Tips stored for a repository, newest first, at most `limit`. */
  tips(repository: string, limit: number): Promise<string[]>
  /** Bundles that together hold `commit`, in the order in which to fetch them; undefined when something is missing. */
  chain(repository: string, commit: string): Promise<{ sha256: string; bytes: number; url: string }[] | undefined>
  /** Where its sender is to PUT the bytes: a path on this API, whose answer is `put`, or an absolute url. */
  upload(sha256: string, offer: BundleOffer): Promise<BundleUpload>
  /**
   * What was sent to an absolute url is counted on from now on; throws `bad_request` unless bytes of that SHA-256 are there. `session`:
   * its machine sent them, to where it may write. May be repeated.
   */
  stored(sha256: string, offer: BundleOffer, session?: string): Promise<void>
  /**
   * The first bytes of what was sent to an absolute url, at most MOST_HEADER_BYTES. Undefined when nothing is there, and where everything
   * comes through `put`.
   */
  start(sha256: string, session?: string): Promise<Uint8Array | undefined>
  /** Where it can be fetched past this API; undefined when it is not there, or comes through `get` alone. */
  url(sha256: string): Promise<string | undefined>
}
