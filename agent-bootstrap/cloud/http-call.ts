import { createReadStream, createWriteStream } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { clientOf, endpointOptions, readAnswer } from '../http-socket.ts'

export type HttpCall = {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Instead of a body. */
  file?: string
  /** Where the body of a 200 goes, instead of into `text`. */
  into?: string
  /** Without any progress for so long it has failed. */
  stallMs: number
}
export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; text: string }

/** One request, whatever its answer. Throws when there is none. */
export const httpCall = async ({ method, url, headers = {}, body, file, into, stallMs }: HttpCall): Promise<HttpAnswer> => {
  const { origin, pathname, search } = new URL(url)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const target = { ...endpointOptions(origin), path: `${pathname}${search}`, method, timeout: stallMs }
    const length = body === undefined ? undefined : Buffer.byteLength(body)
    const request = clientOf(origin).request(
      { ...target, headers: { ...headers, ...(length !== undefined && { 'content-length': length }) } },
      resolve,
    )
    request.on('timeout', () => request.destroy(new Error(`${origin} does not answer`)))
    request.on('error', reject)
    if (file === undefined) request.end(body)
    else pipeline(createReadStream(file), request).catch(reject)
  })
  const status = answer.statusCode ?? 0
  if (into === undefined || status !== 200) return { status, headers: answer.headers, text: await readAnswer(answer) }
  await pipeline(answer, createWriteStream(into, { mode: 0o600 }))
  return { status, headers: answer.headers, text: '' }
}
