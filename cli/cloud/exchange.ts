import type * as Http from 'node:http'
import type * as Https from 'node:https'
import { AwsV4Signer } from 'aws4fetch'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Keys } from './aws-tools.ts'

// As in client.ts: names imported from these would load more than is needed.
const http: typeof Http = process.getBuiltinModule('node:http')
const https: typeof Https = process.getBuiltinModule('node:https')

export type Asking = {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string | undefined
  timeoutMs: number
}
export type Exchange = { status: number; headers: Http.IncomingHttpHeaders; bytes: Buffer }

/** Codes of node's own errors: nothing of the request went out; the connection broke, and nobody knows how much of it arrived. */
export const NOT_SENT = ['ENOTFOUND', 'ECONNREFUSED', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']
export const BROKEN = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT']

/** Calls of one command follow each other: one TLS handshake will do. Kept no longer, or the other side closes it under a request. */
const KEPT = { keepAlive: true, timeout: 4000 }
const agents = { 'http:': new http.Agent(KEPT), 'https:': new https.Agent(KEPT) }

/** One HTTP request, as it stands. Rejects with node's own error when there is no connection. */
export const exchange = ({ method, url, headers = {}, body, timeoutMs }: Asking): Promise<Exchange> =>
  new Promise((resolve, reject) => {
    const place = new URL(url)
    const isPlain = place.protocol === 'http:'
    const sized = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const options = { method, headers: sized, agent: agents[isPlain ? 'http:' : 'https:'] }
    const sent = (isPlain ? http : https).request(place, options, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, bytes: Buffer.concat(parts) }))
    })
    const late = new RemoteError('timeout', `no answer from ${place.host} within ${timeoutMs / 1000} s`, {
      hint: 'see what is wrong: remote cloud doctor',
    })
    sent.setTimeout(timeoutMs, () => sent.destroy(late))
    sent.on('error', reject)
    sent.end(body)
  })

export type Signing = {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string | undefined
  region: string
  keys: Keys
}

/** The headers of a request to the API with its signature (SigV4, service execute-api). */
export const signedHeaders = async ({
  keys,
  region,
  method,
  url,
  headers = {},
  body,
}: Signing): Promise<Record<string, string>> => {
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const signer = new AwsV4Signer({
    method,
    url,
    headers,
    service: 'execute-api',
    region,
    accessKeyId,
    secretAccessKey,
    ...(body === undefined ? {} : { body }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  })
  return Object.fromEntries((await signer.sign()).headers)
}
