import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { asked, awsName } from './aws-refusal.ts'
import { sha256Hex } from './sha256.ts'

/** Texts of records that are too large for an item: an item holds 400 KB, and each of its writes is paid for by its size. */
export interface LargeTexts {
  /** Answers where it is, for `get`. May be repeated. */
  put(session: string, text: string): Promise<string>
  get(key: string): Promise<string>
}

/** Texts never change, so one that was read stays valid; a function that serves many sessions must not keep them all. */
const REMEMBERED_CHARACTERS = 4_000_000

/**
 * Objects `records/<session>/<sha256>`. Not below `sessions/`: there the session's machine may write, and a machine must not be able to
 * change what its session was asked.
 */
export const openS3LargeTexts = ({ s3, bucket: Bucket }: { s3: S3Client; bucket: string }): LargeTexts => {
  const known = new Map<string, string>()
  let characters = 0
  const remember = (key: string, text: string) => {
    if (known.has(key)) return
    known.set(key, text)
    characters += text.length
    for (const [oldest, old] of known) {
      if (characters <= REMEMBERED_CHARACTERS) return
      known.delete(oldest)
      characters -= old.length
    }
  }

  return {
    put: async (session, text) => {
      const Key = `records/${session}/${await sha256Hex(text)}`
      await asked('the bucket', s3.send(new PutObjectCommand({ Bucket, Key, Body: text, ContentType: 'application/json' })))
      remember(Key, text)
      return Key
    },
    get: async (key) => {
      const remembered = known.get(key)
      if (remembered !== undefined) return remembered
      try {
        const { Body } = await asked('the bucket', s3.send(new GetObjectCommand({ Bucket, Key: key })))
        const text = (await Body?.transformToString()) ?? ''
        if (!key.endsWith(await sha256Hex(text))) throw new RemoteError('corrupt', `${key} in the bucket is damaged`)
        remember(key, text)
        return text
      } catch (error) {
        if (awsName(error) !== 'NoSuchKey') throw error
        throw new RemoteError('corrupt', `${key} is missing in the bucket`, { hint: 'it was deleted from outside', cause: error })
      }
    },
  }
}
