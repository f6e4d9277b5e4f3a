import type * as Http from 'node:http'
import { ERRORS, type ErrorCode, RemoteError } from '../core/contract/remote-error.ts'
import type { Ask } from './api.ts'

// Importing names from `node:http` evaluates all of its exports, one of which loads a whole WebSocket client (25 ms).
const http: typeof Http = process.getBuiltinModule('node:http')

export type Call = {
  body?: unknown
  headers?: Record<string, string>
  /** No answer for so long is an error. */
  timeoutMs?: number
}
export type Answer<T> = { status: number; value: T; version: string | undefined }

/** The control plane as seen by the CLI. */
export type Client = {
  get: Ask<'get'>
  post: Ask<'post'>
  put: Ask<'put'>
  delete: Ask<'delete'>
  /**
   * What a path of the API that is not JSON answers with, or what is at an absolute address that the API gave: there, if it is given, bytes
   * of that SHA-256, before they are unpacked.
   */
  bytes(url: string, sha256?: string): Promise<Uint8Array>
}

const TIMEOUT_MS = 60_000
const HINT = 'start it anew: remote serve --restart'

const isErrorBody = (value: unknown): value is { code: ErrorCode; message: string; hint?: string } =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string' && value.code in ERRORS

const parse = (text: string, hint: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RemoteError('bug', 'the control plane answered with something that is not JSON', { hint, cause })
  }
}

/** What an answer says was refused, in the control plane's own words; undefined when it is no word of ours. */
export const refusalIn = (text: string): RemoteError | undefined => {
  if (!text.startsWith('{')) return undefined
  const value = parse(text, HINT)
  return isErrorBody(value) ? new RemoteError(value.code, value.message, { hint: value.hint }) : undefined
}

/** The JSON that was answered; throws what was refused. */
export const valueIn = (status: number, text: string, hint = HINT): unknown => {
  const value = parse(text, hint)
  if (status < 400) return value
  if (isErrorBody(value)) throw new RemoteError(value.code, value.message, { hint: value.hint })
  throw new RemoteError('bug', `the control plane answered ${status}`, { hint })
}

const collect = (answer: Http.IncomingMessage, reject: (error: unknown) => void, whole: (bytes: Buffer) => void) => {
  const parts: Buffer[] = []
  answer.on('data', (part: Buffer) => parts.push(part))
  answer.on('error', reject)
  answer.on('end', () => {
    try {
      whole(Buffer.concat(parts))
    } catch (error) {
      reject(error)
    }
  })
}

/** One request over the socket. A connection that cannot be made rejects with node's own error (ENOENT, ECONNREFUSED …). */
export const request = <T>(socket: string, method: string, path: string, call: Call = {}): Promise<Answer<T>> =>
  new Promise((resolve, reject) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body)
    const headers: Record<string, string | number> = { ...call.headers }
    if (body !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = Buffer.byteLength(body)
    }
    const timeout = call.timeoutMs ?? TIMEOUT_MS
    const sent = http.request({ socketPath: socket, path, method, headers, agent: false, timeout }, (answer) =>
      collect(answer, reject, (bytes) => {
        const status = answer.statusCode ?? 500
        const seen = answer.headers['x-remote-version']
        const value = valueIn(status, bytes.toString('utf8')) as T
        resolve({ status, value, version: typeof seen === 'string' ? seen : undefined })
      }),
    )
    sent.on('timeout', () =>
      sent.destroy(new RemoteError('timeout', `no answer within ${timeout / 1000} s`, { hint: 'see the daemon: remote doctor' })),
    )
    sent.on('error', reject)
    sent.end(body)
  })

/** The bytes that `GET path` answers with. */
export const requestBytes = (socket: string, path: string): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const sent = http.get({ socketPath: socket, path, agent: false, timeout: TIMEOUT_MS }, (answer) =>
      collect(answer, reject, (bytes) => {
        if (answer.statusCode !== 200) valueIn(answer.statusCode ?? 500, bytes.toString('utf8'))
        resolve(bytes)
      }),
    )
    sent.on('timeout', () => sent.destroy(new RemoteError('timeout', `no answer within ${TIMEOUT_MS / 1000} s`)))
    sent.on('error', reject)
  })
