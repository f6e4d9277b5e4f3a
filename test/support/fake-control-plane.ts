import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import type { InboxItem, InboxMessage } from '../../core/contract/inbox.ts'
import { Beat, type BeatAnswer, Done, Hello, RunSpec, Seal } from '../../core/contract/runner.ts'

/** What a runner sees of the control plane, on a real socket, with everything it said kept. */
export type FakeControlPlane = Awaited<ReturnType<typeof openFakeControlPlane>>

type Said = {
  hello: ReturnType<typeof Hello.parse>[]
  beat: Beat[]
  seal: ReturnType<typeof Seal.parse>[]
  done: Done[]
  live: { first: number; last: number }[]
  /** The same, whole. */
  frames: { first: number; last: number; records?: string; bytes: number }[]
}

export type FakePlaneOptions = {
  /** On a port of the loopback instead of a socket of its own. */
  tcp?: boolean
  /** A status to refuse a call or a doorbell with, before anything is looked at. */
  admit?: (request: IncomingMessage, body: Buffer) => number | undefined
  /** What else is answered. */
  more?: (path: string, body: unknown) => unknown
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A runner ends every process of the machine that is marked as its session's: those of a test beside it must not be. */
const unlikeAnyOther = () => `s-${randomBytes(5).toString('hex')}`

export const runSpec = (changes: Partial<Omit<RunSpec, 'request'>> & { request?: Partial<RunSpec['request']> } = {}): RunSpec => {
  const { request, ...rest } = changes
  const session = rest.session ?? unlikeAnyOther()
  return RunSpec.parse({
    session,
    attempt: 1,
    approve: 'auto',
    bundles: [],
    secrets: {},
    log: { kind: 'spool' },
    nextSeq: 1,
    usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    inboxAfter: 0,
    ttlSeconds: null,
    idleSeconds: null,
    maxCostUsd: null,
    branch: `remote/${session}`,
    request: { task: 'true', agent: 'shell', sandbox: 'off', ...request },
    ...rest,
  })
}

export const openFakeControlPlane = async (spec: RunSpec, { tcp, admit, more }: FakePlaneOptions = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-plane-'))
  const socketPath = join(dir, 's')
  const said: Said = { hello: [], beat: [], seal: [], done: [], live: [], frames: [] }
  const bundles = new Map<string, Buffer>()
  const inbox: InboxItem[] = []
  const waiters: (() => void)[] = []
  const runners = new Set<WebSocket>()
  const plane = {
    dir,
    socketPath,
    endpoint: `unix:${socketPath}`,
    port: 0,
    said,
    bundles,
    spec,
    stop: undefined as BeatAnswer['stop'],
    watch: false,
    fenced: false,
    budgetLeftUsd: null as number | null,
    /** A bundle is asked for and not given yet. */
    onFetch: async (): Promise<void> => {},
    /** A bundle has come and is not taken yet. */
    onBundle: async () => {},
    /** Statuses to answer with, first come first served, before normal answers. */
    refusals: [] as number[],
    ring: () => {
      for (const runner of runners) runner.send('{"type":"bell"}')
    },
    setWatch: (on: boolean) => {
      plane.watch = on
      for (const runner of runners) runner.send(JSON.stringify({ type: 'watch', on }))
    },
    post: (message: InboxMessage, by = 'someone') => {
      inbox.push({ n: inbox.length + 1, at: new Date().toISOString(), by, message })
      plane.ring()
    },
    terminate: (how: 'graceful' | 'now') => {
      plane.stop = { how, why: { outcome: 'terminated', code: 'terminated', reason: 'asked' } }
      plane.ring()
    },
    /** Resolves when `seen` holds, looked at after everything that the runner says. */
    until: async (what: string, seen: () => boolean, ms = 15_000) => {
      const deadline = Date.now() + ms
      while (!seen()) {
        const left = deadline - Date.now()
        if (left <= 0) throw new Error(`it did not happen within ${ms} ms: ${what}; said ${JSON.stringify(said)}`)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(left, 200))
          waiters.push(() => {
            clearTimeout(timer)
            resolve()
          })
        })
      }
    },
    listen: async () => {},
    hangUp: async () => {},
    close: async () => {},
  }
  const told = () => {
    for (const wake of waiters.splice(0)) wake()
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '/', 'http://x')
    const send = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const refusal = plane.refusals.shift()
    const refused = admit?.(request, body)
    if (refused !== undefined) return send(refused, { message: 'Forbidden' })
    if (refusal !== undefined) return send(refusal, { code: 'unavailable', message: 'not now' })
    const bundle = /^\/v1\/bundles\/([0-9a-f]{64})$/.exec(url.pathname)?.[1]
    if (bundle && request.method === 'PUT') {
      await plane.onBundle()
      bundles.set(bundle, body)
      return send(200, {})
    }
    if (bundle) await plane.onFetch()
    if (bundle) return bundles.has(bundle) ? response.end(bundles.get(bundle)) : send(404, { code: 'not_found', message: 'none' })
    if (plane.fenced) return send(409, { code: 'fenced', message: 'given up' })
    const json = () => JSON.parse(body.toString()) as unknown
    switch (url.pathname.split('/').at(-1)) {
      case 'hello':
        said.hello.push(Hello.parse(json()))
        return send(200, plane.spec)
      case 'beat':
        said.beat.push(Beat.parse(json()))
        return send(200, { inboxLast: inbox.length, watch: plane.watch, budgetLeftUsd: plane.budgetLeftUsd, stop: plane.stop })
      case 'inbox':
        return send(200, { items: inbox.filter(({ n }) => n > Number(url.searchParams.get('after'))) })
      case 'seal':
        said.seal.push(Seal.parse(json()))
        return send(200, {})
      case 'done':
        said.done.push(Done.parse(json()))
        return send(200, {})
      default: {
        const answered = more?.(url.pathname, body.length > 0 ? json() : undefined)
        if (answered !== undefined) return send(200, answered)
        return send(400, { code: 'bad_request', message: url.pathname })
      }
    }
  }

  let server: ReturnType<typeof createServer> | undefined
  let sockets: WebSocketServer | undefined
  plane.listen = async () => {
    await rm(socketPath, { force: true })
    server = createServer((request, response) => {
      answer(request, response).then(told, (error: unknown) => response.writeHead(500).end(String(error)))
    })
    sockets = new WebSocketServer({
      server,
      path: '/v1/socket',
      verifyClient: ({ req }, answer) => answer(admit?.(req, Buffer.alloc(0)) === undefined, 403, 'Forbidden'),
    })
    sockets.on('connection', (socket) => {
      runners.add(socket)
      if (plane.watch) socket.send('{"type":"watch","on":true}')
      socket.on('close', () => runners.delete(socket))
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { type: string; first: number; last: number; records?: string }
        if (frame.type === 'live') {
          said.live.push({ first: frame.first, last: frame.last })
          said.frames.push({ ...frame, bytes: String(data).length })
        }
        told()
      })
      told()
    })
    const at = tcp ? { host: '127.0.0.1', port: plane.port } : { path: socketPath }
    await new Promise<void>((resolve) => server?.listen(at, resolve))
    const address = server.address()
    if (typeof address !== 'object' || !address) return
    plane.port = address.port
    plane.endpoint = `http://127.0.0.1:${address.port}`
  }
  plane.hangUp = async () => {
    for (const socket of runners) socket.terminate()
    sockets?.close()
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
    server = undefined
  }
  plane.close = async () => {
    await plane.hangUp()
    await rm(dir, { recursive: true, force: true })
  }
  await plane.listen()
  return plane
}
