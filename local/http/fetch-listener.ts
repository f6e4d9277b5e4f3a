import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeWebStream } from 'node:stream/web'
import type { ErrorBody } from '../../core/contract/error-body.ts'
import { ERRORS } from '../../core/contract/remote-error.ts'
import type { IncomingMessage, ServerResponse } from './node-http.ts'

/** Anything with Hono's `fetch`. */
export type Fetchable = { fetch(request: Request): Response | Promise<Response> }

/** Bodies but bundles are JSON that is held whole. A task may have 256,000 characters, the environment some more. */
const MAX_JSON_BYTES = 8 * 1024 * 1024
const BUNDLES = '/v1/bundles/'

const answerError = (response: ServerResponse, body: ErrorBody) => {
  if (response.headersSent) return response.destroy()
  const text = JSON.stringify(body)
  response.writeHead(ERRORS[body.code].status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  return response.end(text)
}

/** For what is no HTTP at all: node hands over the bare socket. */
export const answerNoRequest = (_error: Error, socket: Duplex) => {
  const body: ErrorBody = {
    code: 'bad_request',
    message: 'this is not an HTTP request',
    hint: 'the API is described at /v1/openapi.json',
  }
  const text = JSON.stringify(body)
  const head = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n'
  if (socket.writable) socket.end(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  else socket.destroy()
}

class TooLarge extends Error {}

const readAll = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_JSON_BYTES) throw new TooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const headersOf = (request: IncomingMessage): Headers => {
  const headers = new Headers()
  const raw = request.rawHeaders
  for (let index = 0; index + 1 < raw.length; index += 2) headers.append(raw[index] ?? '', raw[index + 1] ?? '')
  return headers
}

const toRequest = async (request: IncomingMessage, signal: AbortSignal): Promise<Request> => {
  const method = request.method ?? 'GET'
  const url = request.url ?? '/'
  const target = `http://localhost${url}`
  if (method === 'GET' || method === 'HEAD') return new Request(target, { method, headers: headersOf(request), signal })
  const body = url.startsWith(BUNDLES)
    ? (Readable.toWeb(request) as ReadableStream<Uint8Array>)
    : new Uint8Array(await readAll(request))
  return new Request(target, { method, headers: headersOf(request), body, signal, duplex: 'half' })
}

const send = async (answer: Response, response: ServerResponse) => {
  const headers: Record<string, string | string[]> = Object.fromEntries(answer.headers)
  if (!answer.body) {
    response.writeHead(answer.status, headers).end()
    return
  }
  if (answer.headers.get('content-type')?.startsWith('application/json')) {
    const bytes = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status, { ...headers, 'content-length': String(bytes.length) }).end(bytes)
    return
  }
  response.writeHead(answer.status, headers)
  await pipeline(Readable.fromWeb(answer.body as NodeWebStream<Uint8Array>), response)
}

/** Requests of node's server, answered by a `fetch`. What goes wrong on the way is answered too and never thrown. */
export const fetchListener = (api: Fetchable, version: string) => async (incoming: IncomingMessage, response: ServerResponse) => {
  // A CLI of another version says so.
  response.setHeader('x-remote-version', version)
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  try {
    await send(await api.fetch(await toRequest(incoming, gone.signal)), response)
  } catch (error) {
    if (error instanceof TooLarge) {
      response.setHeader('connection', 'close')
      answerError(response, {
        code: 'too_large',
        message: `the request has more than ${MAX_JSON_BYTES} bytes`,
        hint: 'put large input into a file of the repository',
      })
    } else if (error instanceof TypeError && !response.headersSent) {
      // What the Request of the platform does not accept: methods like TRACE, header values with control characters.
      answerError(response, { code: 'bad_request', message: error.message, hint: 'this is not a request of this API' })
    } else if (gone.signal.aborted) {
      response.destroy()
    } else {
      console.error('request', incoming.method, incoming.url, error)
      answerError(response, { code: 'bug', message: 'something went wrong here', hint: 'the story is in the log of the daemon' })
    }
  }
}
