import { RemoteError } from '../../core/contract/remote-error.ts'
import { type Ask, type Input, type Method, type More, pathOf } from '../api.ts'
import { refusalIn, valueIn } from '../client.ts'
import { type Connection, codeOf, pathsOf } from '../connect.ts'
import { openSocket } from '../follow/open-socket.ts'
import { type Io, write } from '../io.ts'
import { version } from '../version.ts'
import { awsAccess } from './aws-access.ts'
import { type Cloud, keepCloud } from './clouds-file.ts'
import { BROKEN, type Exchange, exchange, NOT_SENT, signedHeaders } from './exchange.ts'
import { fetchStored } from './fetch-stored.ts'
import { findStack } from './find-stack.ts'
import { gatewayRefusal } from './gateway-refusal.ts'
import { checkStackVersion } from './stack-version.ts'
import { openTries } from './try-again.ts'
import { uploadBundle } from './upload-bundle.ts'

const TIMEOUT_MS = 40_000 // API Gateway gives up after 30
const PING_MS = 60_000
const HINT = 'see what is wrong: remote cloud doctor'

const is = (codes: readonly string[], error: unknown) => codes.includes(codeOf(error) ?? '')

export type CloudOptions = { quiet?: boolean | undefined }

/** The control plane in an AWS account, called with the user's own credentials. `runtime` is what the user calls it. */
export const connectCloud = (
  io: Pick<Io, 'env' | 'stderr'>,
  runtime: string,
  known: Cloud,
  options: CloudOptions = {},
): Connection => {
  const access = awsAccess(io.env, known)
  let cloud = known
  let fresh = false
  let remarked = options.quiet === true
  const say = (text: string) => (options.quiet ? Promise.resolve() : write(io.stderr, `remote: ${text}\n`))

  const checkVersion = async (theirs: unknown) => {
    if (typeof theirs !== 'string') return
    const remark = checkStackVersion(cloud, theirs, version())
    if (remark === undefined || remarked) return
    remarked = true
    await say(remark)
  }

  /** A stack that was made anew has other addresses; asked once. False when nothing is new. */
  const refresh = async (): Promise<boolean> => {
    if (fresh) return false
    fresh = true
    const before = cloud
    cloud = { ...before, ...(await findStack(access, before.stack, before.region)) }
    keepCloud(io.env, cloud)
    return cloud.apiUrl !== before.apiUrl || cloud.socketUrl !== before.socketUrl
  }

  /** Before anything is said to it: what it was when it was last looked at may be over. */
  let checked: Promise<void> | undefined
  const checkKnown = () => {
    checked ??= checkVersion(cloud.version).catch(async (error: unknown) => {
      if (fresh) throw error
      await refresh()
      await checkVersion(cloud.version)
    })
    return checked
  }

  const send = async (method: string, path: string, more: More & { body?: unknown }): Promise<Exchange> => {
    const body = more.body === undefined ? undefined : JSON.stringify(more.body)
    const headers = { ...more.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const asking = {
      method,
      url: `${cloud.apiUrl}${path}`,
      headers,
      body,
      timeoutMs: more.timeoutMs ?? TIMEOUT_MS,
    }
    const signed = await signedHeaders({ ...asking, region: cloud.region, keys: await access.keys() })
    return exchange({ ...asking, headers: signed })
  }

  /** The answer that is the control plane's own, or was meant; whatever can pass is waited out. */
  const call = async (method: string, path: string, more: More & { body?: unknown } = {}): Promise<Exchange> => {
    const repeatable = method !== 'POST' || 'idempotency-key' in (more.headers ?? {})
    const again = openTries(say)
    await checkKnown()
    const isPatient = more.once !== true
    for (;;) {
      let answer: Exchange
      try {
        answer = await send(method, path, more)
      } catch (error) {
        if (is(NOT_SENT, error) && (await refresh().catch(() => false))) continue
        if (!is(NOT_SENT, error) && !is(BROKEN, error)) throw error
        const mayRepeat = repeatable || is(NOT_SENT, error)
        if (isPatient && mayRepeat && (await again('AWS cannot be reached'))) continue
        throw new RemoteError('unavailable', `the control plane in ${cloud.region} cannot be reached (${codeOf(error)})`, {
          hint: `is this computer online? ${HINT}`,
          cause: error,
        })
      }
      const { status, headers, bytes } = answer
      if (status < 400) {
        await checkVersion(headers['x-remote-version'])
        return answer
      }
      const text = bytes.toString('utf8')
      const own = refusalIn(text)
      if (own) {
        const mayPass = own.code === 'unavailable' && repeatable && isPatient
        if (mayPass && (await again(own.message))) continue
        throw own
      }
      if (status === 429 && isPatient && (await again('AWS is throttling'))) continue
      if (status >= 500 && repeatable && isPatient && (await again(`AWS answers ${status}`))) continue
      if (status === 404 && (await refresh().catch(() => false))) continue
      throw gatewayRefusal(cloud, { status, date: headers.date, text })
    }
  }

  const json = async (method: string, path: string, more: More & { body?: unknown }) => {
    const { status, bytes } = await call(method, path, more)
    return valueIn(status, bytes.toString('utf8'), HINT)
  }

  // As in connect.ts: the one place where what travels is taken for what the routes' types say.
  const ask = <M extends Method>(method: M) =>
    (async (path: string, input: Input = {}, more: More = {}) => {
      const body = method === 'post' ? (input.json ?? {}) : input.json
      return (await json(method.toUpperCase(), pathOf(path, input), { ...more, body })) as never
    }) as Ask<M>

  const outside = fetchStored(say)

  const bytes = async (url: string, sha256?: string): Promise<Uint8Array> => {
    if (/^https?:/.test(url)) return outside(url, sha256)
    const answer = await call('GET', url)
    const { location } = answer.headers
    return answer.status >= 300 && location !== undefined ? outside(location) : answer.bytes
  }

  const post = ask('post')
  return {
    runtime,
    isNear: false,
    paths: pathsOf(io.env),
    // It is always awake.
    wake: async () => undefined,
    openSocket: async () => {
      const at = `${cloud.socketUrl}?role=viewer`
      const signable = at.replace(/^ws/, 'http')
      const headers = await signedHeaders({ method: 'GET', url: signable, region: cloud.region, keys: await access.keys() })
      return openSocket({
        url: at,
        headers,
        pingMs: PING_MS,
        refused: (status, date, text) => gatewayRefusal(cloud, { status, date, text }),
      })
    },
    sendBundle: (bundle) => uploadBundle({ post }, bundle),
    get: ask('get'),
    post,
    put: ask('put'),
    delete: ask('delete'),
    bytes,
  }
}
