import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { asked } from './aws-refusal.ts'
import type { Bucket } from './presigned.ts'

/** What lies below a prefix; no further than to what is more than `most` of either, which is enough to know. */
export const storedBelow = async ({ s3, bucket }: Bucket, prefix: string, most: { bytes: number; objects: number }) => {
  const found = { bytes: 0, objects: 0 }
  let next: string | undefined
  do {
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: next })
    const { Contents = [], NextContinuationToken } = await asked('the bucket', s3.send(command))
    for (const { Size = 0 } of Contents) found.bytes += Size
    found.objects += Contents.length
    next = NextContinuationToken
  } while (next !== undefined && found.bytes <= most.bytes && found.objects <= most.objects)
  return found
}
