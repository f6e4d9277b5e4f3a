import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** What AWS's signature (version 4) of a request is, written anew from its documentation, and what the request says that it is. */
export const signatureOf = (request: IncomingMessage, body: Buffer, secretAccessKey: string) => {
  const said =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      request.headers.authorization ?? '',
    )
  if (!said) return undefined
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = said
  const url = new URL(request.url ?? '/', 'http://x')
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort()
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const canonical = [
    request.method,
    url.pathname.split('/').map(encoded).join('/'),
    query.join('&'),
    headers.join(''),
    names,
    request.headers['x-amz-content-sha256'] ?? sha256(body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), 'aws4_request')
  const holds = createHmac('sha256', key).update(text).digest('hex') === signature
  return { accessKeyId, region, service, token: request.headers['x-amz-security-token'], signed: names.split(';'), holds }
}
