import type * as Http from 'node:http'
import type * as Https from 'node:https'
import { RemoteError } from '../core/contract/remote-error.ts'

// As in client.ts: names imported from these would load more than is needed.
const http: typeof Http = process.getBuiltinModule('node:http')

const STALLED_MS = 60_000

/** Where to: on a Unix socket, or an absolute address. */
export type Target = { socketPath: string; path: string } | { url: URL }
export type Put = {
  target: Target
  body: AsyncIterable<Uint8Array>
  length: number
  headers: Record<string, string>
  /** Hears how many bytes have been sent so far. */
  onBytes(sent: number): void
}

const open = (target: Target, options: Http.RequestOptions, heard: (answer: Http.IncomingMessage) => void) => {
  if (!('url' in target)) return http.request({ ...target, ...options }, heard)
  if (target.url.protocol === 'http:') return http.request(target.url, options, heard)
  const https: typeof Https = process.getBuiltinModule('node:https')
  return https.request(target.url, options, heard)
}

/** PUTs bytes as they come; answers the status and what was said to it. Rejects with node's own error when the connection breaks. */
export const putBytes = ({ target, body, length, headers, onBytes }: Put): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sized = { 'content-type': 'application/octet-stream', ...headers, 'content-length': length }
    const sent = open(target, { method: 'PUT', headers: sized, agent: false, timeout: STALLED_MS }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 500, text: Buffer.concat(parts).toString('utf8') }))
    })
    sent.on('timeout', () =>
      sent.destroy(
        new RemoteError('timeout', 'sending the repository came to a halt', {
          hint: 'try again; what has arrived is not sent twice',
        }),
      ),
    )
    sent.on('error', reject)
    let resume = () => {}
    // Heard once for all waits: a listener for each would be one for every few chunks.
    sent.on('drain', () => resume()).on('close', () => resume())
    const drained = () =>
      new Promise<void>((done) => {
        resume = done
      })
    const pump = async () => {
      let bytes = 0
      for await (const chunk of body) {
        if (sent.destroyed) return
        if (!sent.write(chunk)) await drained()
        bytes += chunk.length
        onBytes(bytes)
      }
      sent.end()
    }
    pump().catch((error: Error) => sent.destroy(error))
  })
