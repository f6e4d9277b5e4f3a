import { AwsV4Signer } from 'aws4fetch'
import { REGION } from './cloud.ts'

export type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }
export type Signed = { url: string; method: string; headers: Headers }

/** A call of the HTTP API as whoever has those keys makes it. */
export const signedCall = async (url: string, method: string, credentials: Keys, body?: string): Promise<Signed> => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const signer = new AwsV4Signer({
    ...{ url, method, accessKeyId, secretAccessKey, service: 'execute-api', region: REGION },
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  })
  const { headers } = await signer.sign()
  return { url, method, headers }
}
