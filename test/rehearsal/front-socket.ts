import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { ApiDescription, ApiRoute, Control, Identity } from './control.ts'
import type { Clock } from './front-clock.ts'
import type { Disorder } from './front-disorder.ts'
import { frameMeter } from './front-frames.ts'
import { authorize, functionOf, incoming } from './front-route.ts'
import type { LambdaHost } from './lambda-host.ts'

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html */
export const FRAME_BYTES = 32 * 1024
export const MESSAGE_BYTES = 128 * 1024
export const IDLE_MS = 10 * 60_000
export const LONGEST_MS = 2 * 60 * 60_000

type Connection = {
  id: string
  socket: WebSocket
  at: number
  active: number
  identity: Identity | undefined
  stage: string
  host: string
}
export type SocketCounts = { messages: number; connections: number; connectedMs: number }
type SocketFront = { control: Control; lambdas: LambdaHost; api: () => Promise<ApiDescription>; clock: Clock; disorder: Disorder }

/** A WebSocket API: our model of API Gateway. Messages are handled as they come, several of one connection at a time. */
export const socketFront = ({ control, lambdas, api: describe, clock, disorder }: SocketFront) => {
  const connections = new Map<string, Connection>()
  const counts: SocketCounts = { messages: 0, connections: 0, connectedMs: 0 }
  const server = new WebSocketServer({ noServer: true, maxPayload: 16 * MESSAGE_BYTES })

  const contextOf = (api: ApiDescription, connection: Connection, routeKey: string, eventType: string) => ({
    routeKey,
    eventType,
    apiId: api.id,
    stage: connection.stage,
    domainName: connection.host,
    connectionId: connection.id,
    connectedAt: connection.at,
    requestId: randomUUID(),
    extendedRequestId: randomUUID(),
    requestTime: new Date().toUTCString(),
    requestTimeEpoch: Date.now(),
    messageDirection: 'IN',
    identity: { sourceIp: '127.0.0.1' },
  })
  const routeOf = (api: ApiDescription, key: string): ApiRoute | undefined => api.routes.find((route) => route.key === key)

  const end = async (connection: Connection, code: number, reason: string) => {
    if (!connections.delete(connection.id)) return
    counts.connectedMs += clock.now() - connection.at
    connection.socket.close(code === 1006 ? undefined : code, reason)
    const api = await describe()
    const route = routeOf(api, '$disconnect')
    // Best effort, as AWS says of it.
    if (!route || disorder.losesDisconnect()) return
    const context = contextOf(api, connection, '$disconnect', 'DISCONNECT')
    const event = { requestContext: { ...context, disconnectStatusCode: code, disconnectReason: reason }, isBase64Encoded: false }
    await lambdas.invoke(functionOf(route), JSON.stringify(event))
  }

  const onMessage = async (connection: Connection, data: RawData, isBinary: boolean) => {
    // What closed it is not handed on.
    if (!connections.has(connection.id)) return
    connection.active = clock.now()
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map((part) => Buffer.from(part as ArrayBuffer)))
    if (isBinary) return end(connection, 1003, 'Binary is not supported')
    if (bytes.length > MESSAGE_BYTES) return end(connection, 1009, 'Message too big')
    counts.messages += Math.max(1, Math.ceil(bytes.length / FRAME_BYTES))
    const api = await describe()
    const route = routeOf(api, '$default')
    const requestId = randomUUID()
    const refuse = (message: string) =>
      connection.socket.send(JSON.stringify({ message, connectionId: connection.id, requestId }))
    if (!route) return refuse('Forbidden')
    const context = { ...contextOf(api, connection, '$default', 'MESSAGE'), messageId: randomUUID() }
    const event = JSON.stringify({ requestContext: context, body: bytes.toString('utf8'), isBase64Encoded: false })
    for (const wait of disorder.deliveries()) {
      await wait
      const answered = await lambdas.invoke(functionOf(route), event)
      if (answered.failed) refuse('Internal server error')
    }
  }

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const deny = (status: string, text: string) => {
      const body = JSON.stringify({ message: text })
      socket.end(
        `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      )
    }
    const api = await describe()
    const came = incoming(request, Buffer.alloc(0))
    const stage = came.rawPath.split('/')[1] ?? ''
    const route = routeOf(api, '$connect')
    if (!api.stages.includes(stage)) return deny('403 Forbidden', 'Forbidden')
    const now = clock.now()
    const host = request.headers.host ?? ''
    const connection = {
      id: `${randomUUID().slice(0, 15)}=`,
      at: now,
      active: now,
      identity: undefined as Identity | undefined,
      stage,
      host,
    }
    if (route?.authorization === 'AWS_IAM') {
      const decided = await authorize(control, api, came, stage, '$connect')
      if (!decided.allowed) return deny('403 Forbidden', 'Forbidden')
      connection.identity = decided.identity
    }
    if (route) {
      const query = new URLSearchParams(came.rawQuery)
      const identity = connection.identity
      const known = identity && { ...identity, caller: identity.callerId, user: identity.userId }
      const context = contextOf(api, { ...connection, socket: undefined as never }, '$connect', 'CONNECT')
      const event = {
        headers: came.headers,
        multiValueHeaders: Object.fromEntries(Object.entries(came.headers).map(([name, value]) => [name, [value]])),
        queryStringParameters: Object.fromEntries(query),
        multiValueQueryStringParameters: Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)])),
        requestContext: { ...context, identity: { ...context.identity, ...known } },
        isBase64Encoded: false,
      }
      const answered = await lambdas.invoke(functionOf(route), JSON.stringify(event))
      const status = answered.failed ? 500 : ((JSON.parse(answered.payload) as { statusCode?: number } | null)?.statusCode ?? 500)
      if (answered.failed) return deny('502 Bad Gateway', 'Internal server error')
      if (status >= 300) return deny(`${status} Refused`, 'Refused')
    }
    server.handleUpgrade(request, socket, head, (opened) => {
      const open: Connection = { ...connection, socket: opened }
      connections.set(open.id, open)
      counts.connections += 1
      const meter = frameMeter((bytes) => {
        if (bytes > FRAME_BYTES) void end(open, 1009, 'Frame too big').catch(console.error)
      })
      socket.on('data', meter)
      opened.on('message', (data, isBinary) => void onMessage(open, data, isBinary).catch(console.error))
      opened.on('close', (code, reason) => void end(open, code, reason.toString()).catch(console.error))
      opened.on('error', console.error)
    })
  }

  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html */
  const manage = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const reply = (status: number, body?: object, error?: string) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...(error ? { 'x-amzn-errortype': error } : {}) })
        .end(body ? JSON.stringify(body) : '')
    const came = incoming(request, Buffer.concat(parts))
    const found = /^\/([^/]+)\/(@|%40)connections\/([^/]+)$/i.exec(came.rawPath)
    if (!found) return reply(403, { message: 'Forbidden' }, 'ForbiddenException')
    const [, stage = '', , raw = ''] = found
    const id = decodeURIComponent(raw)
    const api = await describe()
    const decided = await authorize(control, api, came, stage, `${came.method}/@connections/${id}`)
    if (!decided.allowed) return reply(403, { message: decided.message }, 'ForbiddenException')
    const connection = connections.get(id)
    if (!connection || connection.socket.readyState !== connection.socket.OPEN)
      return reply(410, { message: 'Gone' }, 'GoneException')
    if (came.method === 'DELETE') {
      await end(connection, 1000, 'Connection Closed Normally')
      return reply(204)
    }
    if (came.method === 'GET') {
      const connectedAt = new Date(connection.at).toISOString()
      return reply(200, {
        connectedAt,
        identity: { sourceIp: '127.0.0.1' },
        lastActiveAt: new Date(connection.active).toISOString(),
      })
    }
    if (came.body.length > MESSAGE_BYTES) return reply(413, { message: 'Payload too large' }, 'PayloadTooLargeException')
    connection.active = clock.now()
    counts.messages += Math.max(1, Math.ceil(came.body.length / FRAME_BYTES))
    connection.socket.send(came.body.toString('utf8'))
    return reply(200)
  }

  /** What time alone ends; called as the clock moves. */
  const cut = async () => {
    const now = clock.now()
    for (const connection of [...connections.values()]) {
      if (now - connection.at >= LONGEST_MS) await end(connection, 1001, 'Connection duration limit')
      else if (now - connection.active >= IDLE_MS) await end(connection, 1001, 'Going away')
    }
  }
  /** The network breaks under all of them; how many. */
  const drop = () => {
    for (const { socket } of connections.values()) socket.terminate()
    return connections.size
  }
  const close = () => {
    const open = [...connections.values()]
    connections.clear()
    for (const { socket } of open) socket.terminate()
  }
  return { upgrade, manage, cut, drop, close, counts: () => counts, connections: () => [...connections.keys()] }
}
