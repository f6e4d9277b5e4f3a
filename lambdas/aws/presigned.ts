import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { base64OfHex } from './sha256.ts'

export type Bucket = { s3: S3Client; bucket: string }
export type ObjectAddress = { bucket: string; key: string; seconds?: number }

/** Enough for a large transfer to begin. They end earlier when the credentials that signed them do. */
const SECONDS = 3600

/** An address that gives the object to whoever has it. `gzip`: the answer says that it is compressed, so that clients unpack it. */
export const presignedGet = ({ s3, bucket }: Bucket, key: string, { gzip = false, seconds = SECONDS } = {}): Promise<string> => {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...(gzip ? { ResponseContentEncoding: 'gzip' } : {}) })
  return getSignedUrl(s3, command, { expiresIn: seconds })
}

/** Headers that are part of the signature: a sender that changes or leaves out one is refused. */
const SIGNED = ['content-length', 'x-amz-checksum-sha256', 'x-amz-sdk-checksum-algorithm']

/** An address that takes exactly those bytes: S3 compares them with the signed SHA-256 and refuses any other. */
export const presignedPut = async ({ s3, bucket }: Bucket, key: string, content: { sha256: string; bytes: number }) => {
  const checksum = base64OfHex(content.sha256)
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentLength: content.bytes,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: checksum,
  })
  const url = await getSignedUrl(s3, command, {
    expiresIn: SECONDS,
    unhoistableHeaders: new Set(SIGNED), // in the query they would be signed, but S3 would not compare them
    signableHeaders: new Set(['host', ...SIGNED]),
  })
  const headers = {
    'content-length': String(content.bytes),
    'x-amz-checksum-sha256': checksum,
    'x-amz-sdk-checksum-algorithm': 'SHA256',
  }
  return { url, headers }
}
