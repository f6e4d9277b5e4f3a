import type { IncomingMessage } from 'node:http'
import { AwsV4Signer } from 'aws4fetch'

export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAFAKECLOUD0000000', AWS_SECRET_ACCESS_KEY: 'a secret of the fake cloud' }

export const headerOf = ({ headers }: IncomingMessage, name: string) => [headers[name]].flat().join(',')

/** Whether the request is signed with the one key there is, for this API, as it stands. */
export const isSigned = async (request: IncomingMessage, body: string, regions: readonly string[]): Promise<boolean> => {
  const authorization = headerOf(request, 'authorization')
  const region = authorization.split('/')[2] ?? ''
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  const kept = names.filter((name) => name !== 'host' && !name.startsWith('x-amz-'))
  const signer = new AwsV4Signer({
    method: request.method ?? 'GET',
    url: `http://${request.headers.host}${request.url}`,
    headers: Object.fromEntries(kept.map((name) => [name, headerOf(request, name)])),
    ...(body === '' ? {} : { body }),
    accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
    secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
    service: 'execute-api',
    region,
    datetime: headerOf(request, 'x-amz-date'),
  })
  return regions.includes(region) && (await signer.sign()).headers.get('authorization') === authorization
}
