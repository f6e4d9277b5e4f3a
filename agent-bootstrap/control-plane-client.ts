import { createReadStream, createWriteStream, statSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import type { InboxItem } from '../core/contract/inbox.ts'
import type { BundleFacts, BundleOffer } from '../core/contract/repository.ts'
import type { Beat, BeatAnswer, Done, DoneAnswer, Hello, Leaving, Renewed, RunSpec, Seal } from '../core/contract/runner.ts'
import { openBackoff } from './backoff.ts'
import { around } from './failpoints.ts'
import { clientOf, endpointOptions, readAnswer, type Sign } from './http-socket.ts'

/** This attempt was given up, or is not known (any more): whatever it does can have no effect, so it must stop. */
export class Fenced extends Error {}
/** The control plane will never take this call. */
export class CallRefused extends Error {}

const HOUR_MS = 3_600_000
const CALL_DEADLINE_MS = 30_000
const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 2000
/** A machine that was started without a record of it (the control plane is away) gives up after this. */
const HELLO_DEADLINE_MS = HOUR_MS
/** How long a finished runner waits for somebody to tell. */
const DONE_DEADLINE_MS = 24 * HOUR_MS
const LEAVING_DEADLINE_MS = 120_000
/** For transfers, which take as long as they take: without any progress for so long they are tried again. */
const STALL_MS = 60_000

/** What this machine's own disk says; another try would find it as it is. */
const OWN_DISK = new Set<unknown>(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG'])

const RETRIED = new Set([408, 425, 429])
const FENCED = new Set([404, 409, 410])
const FORBIDDEN = 403

type Call = {
  method?: string
  body?: unknown
  upload?: () => Readable
  headers?: OutgoingHttpHeaders
  deadlineMs: number
  signal?: AbortSignal | undefined
}
export type ControlPlane = ReturnType<typeof openControlPlane>

/** An address that grants what it names, to whoever has it: nobody signs there. */
const isElsewhere = (path: string) => /^https?:/.test(path)

const elsewhere = (url: string): RequestOptions => {
  const { origin, pathname, search } = new URL(url)
  return { ...endpointOptions(origin), path: `${pathname}${search}` }
}

/** What an answer says of itself, where it is one of the control plane's own. */
const codeOf = (text: string | undefined): unknown => {
  try {
    const body: unknown = JSON.parse(text ?? '')
    return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
  } catch {
    return undefined // of something on the way there
  }
}

/**
 * The calls of one attempt. All are repeated until the control plane is there, within their deadline; all may be repeated. With `sign`
 * they prove which machine makes them.
 */
export const openControlPlane = (endpoint: string, session: string, attempt: number, sign?: Sign) => {
  const agent = new (clientOf(endpoint).Agent)({ keepAlive: true, maxSockets: 4 })
  const base = `/v1/runner/${session}/${attempt}`

  const request = (path: string, call: Call, json: Buffer | undefined, proof: OutgoingHttpHeaders): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = {
        ...call.headers,
        ...(json && { 'content-type': 'application/json', 'content-length': json.length }),
        ...proof,
      }
      const target = {
        ...(isElsewhere(path) ? elsewhere(path) : { ...endpointOptions(endpoint), agent, path }),
        method: call.method ?? 'POST',
        headers,
        timeout: call.upload ? STALL_MS : CALL_DEADLINE_MS,
      }
      const asked = clientOf(isElsewhere(path) ? path : endpoint).request(
        { ...target, ...(call.signal && { signal: call.signal }) },
        resolve,
      )
      asked.on('timeout', () => asked.destroy(new Error('the control plane does not answer')))
      asked.on('error', reject)
      if (call.upload) pipeline(call.upload(), asked).catch(reject)
      else asked.end(json)
    })

  const send = (path: string, call: Call): Promise<IncomingMessage> => {
    const json = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body))
    if (!sign || isElsewhere(path)) return request(path, call, json, {})
    const signed = sign({ method: call.method ?? 'POST', url: `${endpoint}${path}`, body: json })
    return signed.then((proof) => request(path, call, json, proof))
  }

  /** One try. Undefined when another one may help. */
  const attemptOnce = async <T>(
    path: string,
    call: Call,
    read: (answer: IncomingMessage) => Promise<T>,
  ): Promise<{ value: T } | undefined> => {
    const broken = (error: unknown): undefined => {
      // Nobody there, or the connection broke: another try, unless it was given up.
      if (call.signal?.aborted || (error instanceof Error && 'code' in error && OWN_DISK.has(error.code))) throw error
    }
    const answer = await send(path, call).catch(broken)
    if (answer === undefined) return undefined
    const status = answer.statusCode ?? 503
    if (status < 300) return read(answer).then((value) => ({ value }), broken)
    const text = await readAnswer(answer).catch(broken)
    if (status >= 500 || RETRIED.has(status)) return undefined
    if (path.startsWith(base) && (FENCED.has(status) || codeOf(text) === 'fenced')) throw new Fenced(text)
    // Not the control plane's own word, but its gate's: the credentials just ended, or a clock is not set yet.
    if (sign && !isElsewhere(path) && status === FORBIDDEN && codeOf(text) === undefined) {
      const why = sign.refused?.(answer.headers.date)
      if (why !== undefined) console.error(why)
      return undefined
    }
    throw new CallRefused(`${path.split('?')[0]} was answered with ${status}: ${text?.slice(0, 500)}`)
  }

  const call = async <T>(path: string, options: Call, read: (answer: IncomingMessage) => Promise<T>): Promise<T> => {
    const deadline = performance.now() + options.deadlineMs
    const backoff = openBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
    for (;;) {
      const answer = await attemptOnce(path, options, read)
      if (answer) return answer.value
      if (performance.now() + backoff.most() > deadline)
        throw new Error(`the control plane could not be reached for ${path.split('?')[0]}`)
      await delay(backoff.next(), undefined, options.signal ? { signal: options.signal } : {})
    }
  }
  const parsed = async (answer: IncomingMessage): Promise<unknown> => {
    const text = await readAnswer(answer)
    return text === '' ? undefined : JSON.parse(text)
  }
  const json = <T>(name: string, path: string, options: Call): Promise<T> =>
    around(name, async () => (await call(path, options, parsed)) as T)

  return {
    hello: (body: z.input<typeof Hello>) => json<RunSpec>('hello', `${base}/hello`, { body, deadlineMs: HELLO_DEADLINE_MS }),
    /** Tried once: the next one says it all again. */
    beat: (body: Beat, signal?: AbortSignal) => json<BeatAnswer>('beat', `${base}/beat`, { body, deadlineMs: 0, signal }),
    inbox: async (after: number): Promise<InboxItem[]> =>
      (await json<{ items: InboxItem[] }>('inbox', `${base}/inbox?after=${after}`, { method: 'GET', deadlineMs: 0 })).items,
    seal: (body: z.input<typeof Seal>, deadlineMs = DONE_DEADLINE_MS) =>
      json<unknown>('seal', `${base}/seal`, { body, deadlineMs }),
    /** Tried once. */
    renew: () => json<Renewed>('renew', `${base}/renew`, { deadlineMs: 0 }),
    /** The bundle is where this machine may write. */
    bundleStored: (sha256: string, body: BundleOffer) =>
      json<unknown>('bundle stored', `${base}/bundles/${sha256}/stored`, { body, deadlineMs: HOUR_MS }),
    /** There is little time: what does not get through is lost with the machine. */
    leaving: (body: Leaving) => json<unknown>('leaving', `${base}/leaving`, { body, deadlineMs: LEAVING_DEADLINE_MS }),
    done: (body: Done) => json<DoneAnswer | undefined>('done', `${base}/done`, { body, deadlineMs: DONE_DEADLINE_MS }),
    /** `url` is a path on the control plane's API, or absolute. */
    fetchBundle: (ref: { url: string }, file: string) =>
      around('fetch bundle', () =>
        call(ref.url, { method: 'GET', deadlineMs: HOUR_MS }, (answer) =>
          pipeline(answer, createWriteStream(file, { mode: 0o600 })),
        ),
      ),
    putBundle: (file: string, sha256: string, facts: BundleFacts) =>
      around('put bundle', async () => {
        const headers = {
          'content-type': 'application/octet-stream',
          'content-length': statSync(file).size,
          'x-remote-by': session,
          'x-remote-repository': facts.repository,
          'x-remote-tips': facts.tips.join(','),
          'x-remote-needs': facts.needs.join(','),
        }
        await call(
          `/v1/bundles/${sha256}`,
          { method: 'PUT', upload: () => createReadStream(file), headers, deadlineMs: HOUR_MS },
          readAnswer,
        )
      }),
    sign,
    close: () => agent.destroy(),
  }
}
