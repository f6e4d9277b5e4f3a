import * as z from 'zod'
import { ObjectId, Sha256 } from './ids.ts'

/** `GET /v1/repositories/:id`: commits the other side already has, newest first, so that a bundle need not carry them. */
export const KnownCommits = z.object({ commits: z.array(ObjectId) })

/** `PUT /v1/bundles/:sha256` carries the bytes; the headers `x-remote-repository|tips|needs` carry this, comma-separated. */
export const BundleFacts = z.object({
  /** Id of the repository (RepositorySource.id). */
  repository: Sha256,
  tips: z.array(ObjectId).min(1).max(64),
  /** Commits the receiver must have before. */
  needs: z.array(ObjectId).max(4096),
})
export type BundleFacts = z.infer<typeof BundleFacts>

/** As headers of a call that carries the bytes. */
export const bundleHeaders = ({ repository, tips, needs }: BundleFacts): Record<string, string> => ({
  'x-remote-repository': repository,
  'x-remote-tips': tips.join(','),
  'x-remote-needs': needs.join(','),
})

/** `POST /v1/bundles/:sha256/upload` asks where to send it; `…/stored` says that it was sent there. */
export const BundleOffer = z.object({ bytes: z.int().min(0), facts: BundleFacts })
export type BundleOffer = z.infer<typeof BundleOffer>

/** PUT the bytes there with these headers. A path is on this API and that is all; after an absolute url, call `stored`. */
export const BundleUpload = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })
export type BundleUpload = z.infer<typeof BundleUpload>
