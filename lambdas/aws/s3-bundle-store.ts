import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { MOST_HEADER_BYTES } from '../../core/contract/bundle-header.ts'
import { MOST_BUNDLE_BYTES } from '../../core/contract/most-bundle-bytes.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { BundleFacts } from '../../core/contract/repository.ts'
import type { BundleStore } from '../../core/ports/bundle-store.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { asked, awsName } from './aws-refusal.ts'
import { bundleChain } from './bundle-chain.ts'
import { type Holder, openDynamoBundleIndex, type StoredBundle } from './dynamo-bundle-index.ts'
import type { TableOptions } from './dynamo-table.ts'
import { type Bucket, presignedGet, presignedPut } from './presigned.ts'
import { base64OfHex, sha256Hex } from './sha256.ts'

/** What API Gateway takes; more is sent to S3 itself. */
const MOST_THROUGH_API = 10 * 1024 ** 2
const MISSING = new Set(['NotFound', 'NoSuchKey'])

const tooLarge = (bytes: number) =>
  new RemoteError('too_large', `a bundle of ${Math.ceil(bytes / 1024 ** 2)} MB cannot be stored in one piece`, {
    hint: 'leave large files out of the repository, or dispatch with --no-repo and fetch them in the session',
  })
const wrongBytes = () =>
  new RemoteError('bad_request', 'the bundle arrived with another SHA-256 than announced', { hint: 'send it again' })

const wholly = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> => {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of stream) {
    bytes += part.length
    if (bytes > MOST_THROUGH_API) throw tooLarge(bytes)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

export type S3BundleOptions = TableOptions &
  Bucket & {
    clock: Clock
    /** The bucket keeps objects at least so long. */
    keptDays: number
  }

/** Bundles as objects `bundles/<sha256>`, or where a session's machine may write, `sessions/<id>/bundles/<sha256>`. */
export const openS3BundleStore = ({ s3, bucket, keptDays, ...options }: S3BundleOptions): BundleStore => {
  const index = openDynamoBundleIndex(options)
  const keptUntil = () => Math.floor(options.clock.now() / 1000) + keptDays * 86_400
  const keyOf = (sha256: string, session?: string) => `${session === undefined ? '' : `sessions/${session}/`}bundles/${sha256}`

  const head = async (key: string) => {
    try {
      const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' })
      const { ContentLength, ChecksumSHA256 } = await asked('the bucket', s3.send(command))
      return { bytes: ContentLength, checksum: ChecksumSHA256 }
    } catch (error) {
      if (MISSING.has(awsName(error) ?? '')) return undefined
      throw error
    }
  }
  const isThere = async ({ key, bytes, sha256 }: StoredBundle) => {
    const object = await head(key)
    return object?.bytes === bytes && object.checksum === base64OfHex(sha256)
  }
  const isKnown = async (sha256: string) => {
    const known = await index.get(sha256)
    return known !== undefined && (await isThere(known)) ? known : undefined
  }

  /** Whoever sent a commit is believed before any machine that claims to hold it. */
  const believed = (bundles: readonly Holder[]): Holder[] => {
    const sent = bundles.filter(({ claimed }) => !claimed)
    return sent.length > 0 ? sent : [...bundles]
  }

  /** All that may be on the way from `commit` down, and is in the bucket: a level of needs at a time. */
  const graph = async (repository: string, commit: string) => {
    const holders = new Map<string, StoredBundle[]>()
    const missing = new Map<string, Promise<boolean>>()
    for (let wanted = [commit]; wanted.length > 0; ) {
      const level = await index.holders(repository, wanted)
      for (const [each, bundles] of level) {
        for (const bundle of bundles) if (!missing.has(bundle.sha256)) missing.set(bundle.sha256, isThere(bundle))
        const there = await Promise.all(bundles.map(({ sha256 }) => missing.get(sha256)))
        holders.set(each, believed(bundles.filter((_, at) => there[at])))
      }
      const needs = wanted.flatMap((each) => (holders.get(each) ?? []).flatMap((bundle) => bundle.needs))
      wanted = [...new Set(needs)].filter((need) => !holders.has(need))
    }
    return holders
  }
  /** A bundle is of use as long as all that it needs: nobody may build on one that outlives its own ground. */
  const recordTips = async (bundle: StoredBundle, facts: BundleFacts, claimed = false) => {
    const holders = await index.holders(facts.repository, bundle.needs)
    const ends = bundle.needs.map((need) => Math.max(0, ...(holders.get(need) ?? []).map(({ until }) => until)))
    const depths = bundle.needs.map((need) => holders.get(need)?.[0]?.depth ?? 0)
    const ground = { until: Math.min(bundle.until, ...ends), depth: 1 + Math.max(0, ...depths) }
    await index.recordTips(bundle, facts, ground, claimed)
  }

  const addressed = async ({ sha256, bytes, key }: StoredBundle) => ({
    sha256,
    bytes,
    url: await presignedGet({ s3, bucket }, key),
  })

  return {
    put: async (sha256, stream, facts) => {
      const body = await wholly(stream)
      if ((await sha256Hex(body)) !== sha256) throw wrongBytes()
      const key = keyOf(sha256)
      const checksum = { ChecksumAlgorithm: 'SHA256' as const, ChecksumSHA256: base64OfHex(sha256) }
      await asked('the bucket', s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...checksum })))
      const bundle = { sha256, bytes: body.length, key, needs: facts.needs, until: keptUntil() }
      await index.record(bundle)
      await recordTips(bundle, facts) // after it: a tip that is found leads to a bundle that is there
    },
    get: async (sha256) => {
      const known = await isKnown(sha256)
      if (!known) return undefined
      const { Body } = await asked('the bucket', s3.send(new GetObjectCommand({ Bucket: bucket, Key: known.key })))
      return Body && { bytes: known.bytes, body: Body.transformToWebStream() as ReadableStream<Uint8Array> }
    },
    upload: async (sha256, { bytes }) => {
      if (bytes > MOST_BUNDLE_BYTES) throw tooLarge(bytes)
      return presignedPut({ s3, bucket }, keyOf(sha256), { sha256, bytes })
    },
    stored: async (sha256, { bytes, facts }, session) => {
      const known = await isKnown(sha256)
      const claimed = session !== undefined
      // No machine moves or redefines what others count on.
      if (known && claimed) return recordTips(known, facts, claimed)
      const bundle = { sha256, bytes, key: keyOf(sha256, session), needs: facts.needs, until: keptUntil() }
      if (!(await isThere(bundle))) throw wrongBytes()
      await index.record(bundle)
      await recordTips(bundle, facts, claimed)
    },
    start: async (sha256, session) => {
      try {
        const Range = `bytes=0-${MOST_HEADER_BYTES - 1}`
        const command = new GetObjectCommand({ Bucket: bucket, Key: keyOf(sha256, session), Range })
        return await (await asked('the bucket', s3.send(command))).Body?.transformToByteArray()
      } catch (error) {
        // An empty object has no range at all.
        if (MISSING.has(awsName(error) ?? '') || awsName(error) === 'InvalidRange') return undefined
        throw error
      }
    },
    url: async (sha256) => {
      const known = await isKnown(sha256)
      return known && presignedGet({ s3, bucket }, known.key)
    },
    tips: index.tips,
    chain: async (repository, commit) => {
      const chain = bundleChain(commit, await graph(repository, commit))
      return chain && Promise.all(chain.map(addressed))
    },
  }
}
