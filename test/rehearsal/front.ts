import { createServer, type Server } from 'node:http'
import type { ApiDescription, Control } from './control.ts'
import { type Clock, movableClock } from './front-clock.ts'
import { createDisorder, type Disorder } from './front-disorder.ts'
import { httpFront } from './front-http.ts'
import { type SocketCounts, socketFront } from './front-socket.ts'
import type { LambdaHost } from './lambda-host.ts'
import { listening } from './listening.ts'

/** Deployed routes do not change while a test runs, but an API is announced before it has any. */
const ROUTES_MS = 1000

export type Front = {
  /** Where the launcher announces APIs. */
  url: string
  /** All ports it listens on, reserved from the start: machines are let through to them alone. */
  ports: readonly number[]
  clock: Clock
  disorder: Disorder
  /** Ends connections whose time is over on `clock`. */
  cut(): Promise<void>
  /** The network breaks under all connections; how many there were. */
  drop(): number
  /** From now on nobody answers: everything that is connected breaks, and nothing connects. */
  goAway(): void
  /** HTTP requests, and what WebSocket APIs bill. */
  counts(): SocketCounts & { requests: number }
  connections(): string[]
  close(): Promise<void>
}

const remembered = (control: Control, id: string) => {
  let held: { api: Promise<ApiDescription>; until: number } | undefined
  return () => {
    if (!held || held.until < Date.now()) held = { api: control.api(id), until: Date.now() + ROUTES_MS }
    return held.api
  }
}

/** Our model of API Gateway. Every API has an address of its own; `Fn::GetAtt ApiEndpoint` answers it. */
export const openFront = async (options: { control: Control; lambdas: LambdaHost; longestMs?: number }): Promise<Front> => {
  const { control, lambdas, longestMs } = options
  const clock = movableClock()
  const disorder = createDisorder()
  const sockets: ReturnType<typeof socketFront>[] = []
  let requests = 0
  let isAway = false
  const reserve = async () => {
    const server = createServer()
    return { server, port: await listening(server) }
  }
  const spare = [await reserve(), await reserve(), await reserve(), await reserve()]
  const ports = spare.map(({ port }) => port)
  const opened: Server[] = spare.map(({ server }) => server)

  const announce = async (id: string, protocol: string): Promise<string> => {
    const { server, port } = spare.shift() ?? (await reserve())
    const api = remembered(control, id)
    if (protocol === 'HTTP') {
      const handle = httpFront({ control, lambdas, api, ...(longestMs === undefined ? {} : { longestMs }) })
      server.on('request', (request, response) => {
        if (isAway) return request.socket.destroy()
        requests += 1
        void handle(request, response)
      })
      return `http://127.0.0.1:${port}`
    }
    const front = socketFront({ control, lambdas, api, clock, disorder })
    sockets.push(front)
    server.on('request', (request, response) => void front.manage(request, response).catch(() => response.destroy()))
    server.on('upgrade', (request, socket, head) => {
      if (isAway) return socket.destroy()
      void front.upgrade(request, socket, head).catch(() => socket.destroy())
    })
    return `ws://127.0.0.1:${port}`
  }
  const announcements = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { id, protocol } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { id: string; protocol: string }
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ endpoint: await announce(id, protocol) }))
  })
  const port = await listening(announcements)
  return {
    url: `http://127.0.0.1:${port}`,
    ports,
    clock,
    disorder,
    cut: async () => {
      for (const front of sockets) await front.cut()
    },
    goAway: () => {
      isAway = true
      for (const front of sockets) front.drop()
    },
    drop: () => sockets.reduce((total, front) => total + front.drop(), 0),
    counts: () => {
      const each = sockets.map((front) => front.counts())
      const sum = (of: keyof SocketCounts) => each.reduce((total, counts) => total + counts[of], 0)
      return { requests, messages: sum('messages'), connections: sum('connections'), connectedMs: sum('connectedMs') }
    },
    connections: () => sockets.flatMap((front) => front.connections()),
    async close() {
      for (const front of sockets) front.close()
      await Promise.all(
        [...opened, announcements].map((server) => {
          server.closeAllConnections()
          return new Promise((resolve) => server.close(resolve))
        }),
      )
    },
  }
}
