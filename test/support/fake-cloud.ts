import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type WebSocket, WebSocketServer } from 'ws'
import { version } from '../../cli/version.ts'
import { createApi } from '../../core/api/create-api.ts'
import type { FromViewer, ToViewer } from '../../core/contract/frames.ts'
import { encodeRecord } from '../../core/contract/records.ts'
import type { BundleOffer } from '../../core/contract/repository.ts'
import type { Session } from '../../core/contract/session.ts'
import { controlPlane } from '../../core/usecases/control-plane.ts'
import { fakePorts } from './fakes/fake-ports.ts'
import { headerOf, isSigned, KEYS } from './is-signed.ts'

const REGION = 'us-east-1'

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

const listen = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Refusal = { status: number; headers?: Record<string, string>; body?: string }
/** What a session does when it is attached to: frames, and what becomes durable before each. */
export type Scene = (stage: {
  session: Session
  from: { attempt: number; seq: number }
  say(frame: ToViewer): void
  cut(): void
  /** Says what API Gateway says when its function fails. */
  fail(): void
}) => Promise<void>

/**
 * A control plane as it is in AWS, seen from outside: the real API over ports in memory behind a check of signatures; what is large lies in
 * another place under addresses of their own; frames are text.
 */
export const openFakeCloud = async () => {
  const ports = fakePorts()
  const objects = new Map<string, Buffer>()
  const heard: { method: string; path: string; body: string }[] = []
  const atStore: { method: string; path: string; headers: IncomingMessage['headers'] }[] = []
  const cloud = {
    version: version(),
    /** For which a signature holds. */
    regions: [REGION],
    /** Answers to give before normal ones, first come first served. */
    refusals: [] as Refusal[],
    storeRefusals: [] as Refusal[],
    scene: (async () => undefined) as Scene,
    sockets: 0,
  }

  const store = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const body = await bodyOf(request)
    atStore.push({ method: request.method ?? '', path, headers: request.headers })
    const refusal = cloud.storeRefusals.shift()
    // Two authorisations in one request are refused by S3.
    if (refusal || request.headers.authorization || !request.url?.includes('X-Amz-Signature=')) {
      return response.writeHead(refusal?.status ?? 400).end(refusal?.body ?? '<Message>not presigned</Message>')
    }
    if (request.method === 'PUT') {
      objects.set(path, body)
      return response.end()
    }
    const found = objects.get(path)
    if (!found) return response.writeHead(404).end('<Code>NoSuchKey</Code>')
    response.writeHead(200, path.includes('/log/') ? { 'content-encoding': 'gzip' } : {}).end(found)
  })
  const storeAt = await listen(store)
  const presigned = (path: string) => `http://${storeAt}${path}?X-Amz-Signature=0000`

  const bundles: typeof ports.bundles = {
    ...ports.bundles,
    upload: async (sha256) => ({ url: presigned(`/bundles/${sha256}`), headers: { 'x-amz-checksum-sha256': sha256 } }),
    stored: async (sha256, { facts }: BundleOffer) => {
      const bytes = objects.get(`/bundles/${sha256}`)
      if (bytes) await ports.bundles.put(sha256, new Blob([new Uint8Array(bytes)]).stream(), facts)
    },
    url: async (sha256) => (objects.has(`/bundles/${sha256}`) ? presigned(`/bundles/${sha256}`) : undefined),
  }
  const segments: typeof ports.segments = Object.create(ports.segments, {
    log: {
      value: async (session: string, attempt: number) => {
        const log = await ports.segments.log(session, attempt)
        for (const segment of log.segments) {
          const path = `/sessions/${session}/log/${attempt}/${segment.first}`
          const stream = await ports.segments.read(session, attempt, segment.first)
          objects.set(path, gzipSync(new Uint8Array(await new Response(stream).arrayBuffer())))
          segment.url = presigned(path)
        }
        return log
      },
    },
  })
  const plane = controlPlane(
    { ...ports, bundles, segments },
    {
      runtimes: ['cloud'],
      dailyBudgetUsd: 10,
      readsPrices: true,
      log: () => ({ kind: 'upload' }),
    },
  )
  const about = async () => ({
    version: cloud.version,
    runtimes: ['cloud'],
    startedAt: '2026-11-20T12:00:00.000Z',
    activeSessions: 0,
  })
  const api = createApi(plane, about)

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = (await bodyOf(request)).toString('utf8')
    const { method = 'GET', url = '/' } = request
    heard.push({ method, path: url, body })
    const refusal = cloud.refusals.shift()
    if (refusal) return response.writeHead(refusal.status, refusal.headers).end(refusal.body ?? '{"message":null}')
    if (!(await isSigned(request, body, cloud.regions))) return response.writeHead(403).end('{"message":"Forbidden"}')
    const headers = {
      'content-type': 'application/json',
      'x-remote-by': 'grace',
      'idempotency-key': headerOf(request, 'idempotency-key'),
    }
    const said = await api.request(url, { method, headers, ...(body === '' ? {} : { body }) })
    response.setHeader('x-remote-version', cloud.version)
    response.writeHead(said.status, Object.fromEntries(said.headers)).end(Buffer.from(await said.arrayBuffer()))
  }
  const server = createServer((request, response) => void answer(request, response).catch((error) => response.destroy(error)))
  const viewers = new WebSocketServer({ noServer: true })
  const watching = new Set<WebSocket>()
  server.on('upgrade', async (request, socket, head) => {
    const refusal = cloud.refusals.shift()
    if (refusal || !request.url?.startsWith('/live?role=viewer') || !(await isSigned(request, '', cloud.regions))) {
      const body = refusal?.body ?? '{"message":"Forbidden"}'
      return socket.end(
        `HTTP/1.1 ${refusal?.status ?? 403} No\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      )
    }
    viewers.handleUpgrade(request, socket, head, (viewer) => {
      cloud.sockets += 1
      watching.add(viewer)
      const say = (frame: ToViewer) => viewer.send(JSON.stringify(frame))
      viewer.on('message', async (data) => {
        const frame = JSON.parse(String(data)) as FromViewer
        if (frame.type === 'watch-all') {
          for (const session of (await ports.sessions.list({ active: true, limit: 100 })).sessions)
            say({ type: 'session', session })
          return
        }
        if (frame.type !== 'attach') return
        const session = await ports.sessions.get(frame.session)
        const fail = () => viewer.send('{"message":"Internal server error","connectionId":"c=","requestId":"r"}')
        if (session) await cloud.scene({ session, from: frame.from, say, cut: () => viewer.terminate(), fail })
      })
    })
  })
  const at = await listen(server)

  return Object.assign(cloud, {
    ports,
    plane,
    heard,
    atStore,
    objects,
    apiUrl: `http://${at}`,
    socketUrl: `ws://${at}/live`,
    /** Environment of a caller who may call it. */
    env: { ...KEYS, AWS_REGION: REGION, AWS_EC2_METADATA_DISABLED: 'true' },
    /** What `remote cloud use` would have found. */
    known: (more: Record<string, unknown> = {}) => ({
      preferred: REGION,
      clouds: {
        [REGION]: {
          stack: 'remote',
          region: REGION,
          apiUrl: `http://${at}`,
          socketUrl: `ws://${at}/live`,
          version: version(),
          readAt: '2026-11-20T12:00:00.000Z',
          ...more,
        },
      },
    }),
    change: async (id: string, changes: Partial<Session>): Promise<Session> => {
      const before = await ports.sessions.get(id)
      if (!before) throw new Error(`no session ${id}`)
      const after = { ...before, ...changes, version: before.version + 1 }
      await ports.sessions.save(after, [])
      for (const viewer of watching) viewer.send(JSON.stringify({ type: 'session', session: after }))
      return after
    },
    /** Cuts every viewer off. */
    cut: () => {
      for (const viewer of watching) viewer.terminate()
      watching.clear()
    },
    bundle: (bytes: Buffer): string => {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      objects.set(`/bundles/${sha256}`, bytes)
      return sha256
    },
    close: async () => {
      for (const viewer of watching) viewer.terminate()
      for (const one of [server, store]) {
        one.closeAllConnections()
        one.close()
      }
    },
  })
}
export type FakeCloud = Awaited<ReturnType<typeof openFakeCloud>>

const encoder = new TextEncoder()
/** One piece of output as a record. */
export const output = (seq: number, text: string) =>
  encodeRecord({ seq, at: '2026-11-20T12:00:00.000Z', type: 'output', stream: 'stdout' }, encoder.encode(text))
/** A live frame with these records, as it goes through API Gateway. */
export const live = (first: number, ...texts: string[]): ToViewer => ({
  type: 'live',
  attempt: 1,
  first,
  last: first + texts.length - 1,
  records: Buffer.concat(texts.map((text, n) => output(first + n, text))).toString('base64'),
})
