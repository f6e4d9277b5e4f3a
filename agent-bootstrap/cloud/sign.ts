import { AwsV4Signer } from 'aws4fetch'
import { signingTime } from './aws-clock.ts'

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string }

export type Signable = {
  method: string
  url: string
  service: string
  region: string
  headers?: Record<string, string>
  body?: string | Uint8Array | undefined
}

/** The headers of a request with its signature (SigV4). It holds for this moment: each try is signed anew. */
export const signedHeaders = async (credentials: Credentials, request: Signable): Promise<Record<string, string>> => {
  const { body, ...rest } = request
  const bytes = typeof body === 'string' ? body : body && new Uint8Array(body)
  const { headers } = await new AwsV4Signer({
    ...rest,
    ...credentials,
    datetime: signingTime(),
    ...(bytes !== undefined && { body: bytes }),
  }).sign()
  return Object.fromEntries(headers)
}
