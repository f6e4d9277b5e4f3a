import { awsHost } from '../../core/contract/aws-host.ts'
import type { Grant } from '../../core/contract/runner.ts'
import { httpCall } from './http-call.ts'
import { signedHeaders } from './sign.ts'

const STALL_MS = 60_000

/** By path where the endpoint is given (it may be one address for all buckets), else by the bucket's own name. */
export const addressOf = ({ endpointUrl, bucket, region }: Pick<Grant, 'endpointUrl' | 'bucket' | 'region'>, key: string) =>
  endpointUrl === undefined ? `https://${bucket}.${awsHost('s3', region)}/${key}` : `${endpointUrl}/${bucket}/${key}`

const toldIn = (text: string) => /<Code>([^<]{1,80})<\/Code>/.exec(text)?.[1]

/** What these bytes will never be taken for. */
export class NotStored extends Error {}

/** Credentials that have just ended, a clock, a lot to do: another try may help. */
const PASSING = /^(ExpiredToken|InvalidToken|TokenRefreshRequired|RequestTimeout|RequestTimeTooSkewed|BadDigest|SlowDown)$/

const refusal = (status: number, text: string): Error => {
  const code = toldIn(text) ?? ''
  const message = `the bucket answered ${status} ${code}`.trimEnd()
  const isFinal = status >= 400 && status < 500 && ![403, 408, 429].includes(status) && !PASSING.test(code)
  return isFinal ? new NotStored(message) : new Error(message)
}

export type Content = { bytes: Uint8Array } | { file: string; size: number }

/** What a grant lets a machine store. Credentials are those that hold at the moment of each call. */
export const openGrantStorage = (grant: () => Grant) => {
  /** `key` is below the session's own prefix. S3 compares the bytes with the SHA-256. May be repeated. Throws when it was not stored; `NotStored` when it cannot be. */
  const put = async (key: string, content: Content, sha256: string): Promise<void> => {
    const held = grant()
    const url = addressOf(held, `${held.prefix}${key}`)
    const checked = {
      'x-amz-sdk-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
      'x-amz-content-sha256': sha256,
    }
    const headers = await signedHeaders(held.credentials, {
      ...{ method: 'PUT', url, headers: checked },
      ...{ service: 's3', region: held.region },
    })
    const sent =
      'file' in content
        ? { file: content.file, headers: { ...headers, 'content-length': String(content.size) } }
        : { body: content.bytes, headers }
    const { status, text } = await httpCall({ method: 'PUT', url, ...sent, stallMs: STALL_MS })
    if (status !== 200) throw refusal(status, text)
  }

  /** Throws when it cannot be had. */
  const get = async (key: string, file: string): Promise<void> => {
    const held = grant()
    const url = addressOf(held, `${held.prefix}${key}`)
    const headers = await signedHeaders(held.credentials, { method: 'GET', url, service: 's3', region: held.region })
    const { status, text } = await httpCall({ method: 'GET', url, headers, into: file, stallMs: STALL_MS })
    if (status !== 200) throw refusal(status, text)
  }
  return { put, get }
}
export type GrantStorage = ReturnType<typeof openGrantStorage>
