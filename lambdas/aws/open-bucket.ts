import { S3Client } from '@aws-sdk/client-s3'
import type { Clock } from '../../core/ports/clock.ts'
import type { TableOptions } from './dynamo-table.ts'
import { type ObjectAddress, presignedGet } from './presigned.ts'
import { openS3BundleStore } from './s3-bundle-store.ts'
import { openS3LargeTexts } from './s3-large-texts.ts'
import { openS3SegmentStore } from './s3-segment-store.ts'
import { storedBelow } from './stored-below.ts'

export type BucketOptions = TableOptions & {
  bucket: string
  clock: Clock
  keptDays: number
  /** A bucket behind an endpoint of its own is addressed by path. */
  forcePathStyle: boolean
}

/** Everything that is kept in S3, and addresses of it. */
export const openBucket = ({ forcePathStyle, ...options }: BucketOptions) => {
  const s3 = new S3Client({ forcePathStyle })
  const kept = { ...options, s3 }
  return {
    large: openS3LargeTexts(kept),
    segments: openS3SegmentStore(kept),
    bundles: openS3BundleStore(kept),
    stored: { below: (prefix: string, most: Parameters<typeof storedBelow>[2]) => storedBelow(kept, prefix, most) },
    addresses: { get: async (address: ObjectAddress) => presignedGet({ s3, bucket: address.bucket }, address.key, address) },
  }
}
