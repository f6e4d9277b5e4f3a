import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { callerNamed } from '../../core/api/caller.ts'
import { SessionId } from '../../core/contract/ids.ts'
import type { LiveHub } from '../live/live-hub.ts'
import type { IncomingMessage } from './node-http.ts'

/** Runners and viewers send small frames; a larger one is none of theirs. */
const MAX_FRAME_BYTES = 1024 * 1024

type Role = { role: 'viewer'; by: string } | { role: 'runner'; session: string; attempt: number }

const roleOf = ({ url, headers }: IncomingMessage): Role | undefined => {
  const parsed = URL.parse(url ?? '/', 'http://localhost')
  if (parsed?.pathname !== '/v1/socket') return undefined
  const { searchParams } = parsed
  if (searchParams.get('role') === 'viewer') return { role: 'viewer', by: callerNamed(headers['x-remote-by']?.toString()) }
  const session = SessionId.safeParse(searchParams.get('session')).data
  const attempt = Number(searchParams.get('attempt'))
  if (searchParams.get('role') !== 'runner' || !session || !Number.isSafeInteger(attempt) || attempt < 1) return undefined
  return { role: 'runner', session, attempt }
}

const refuse = (socket: Duplex, status: string) =>
  socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)

export type SocketUpgrade = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Connections that are open now. */
  readonly open: number
  close(): void
}

/** WebSockets on `/v1/socket`. The library is loaded with the first of them: `remote status` never needs it. */
export const openSocketUpgrade = (hub: LiveHub): SocketUpgrade => {
  let server: Promise<WebSocketServer> | undefined
  const sockets = new Set<WebSocket>()
  let closed = false
  // 1012: service restart. Runners and viewers connect again.
  const end = (socket: WebSocket) => socket.close(1012, 'the daemon ends')
  const load = async () => {
    const { WebSocketServer } = await import('ws')
    return new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false, maxPayload: MAX_FRAME_BYTES })
  }
  const accept = (socket: WebSocket, role: Role) => {
    // Malformed frames and broken connections: `ws` closes the socket with the reason by itself, and that is all there is to do.
    socket.on('error', () => undefined)
    if (closed) return end(socket)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (role.role === 'viewer') hub.openViewer(socket, role.by)
    else hub.openRunner(role.session, role.attempt, socket)
  }
  return {
    upgrade: (request, socket, head) => {
      const role = roleOf(request)
      socket.on('error', () => socket.destroy())
      if (!role) {
        refuse(socket, '400 Bad Request')
        return
      }
      server ??= load()
      server.then(
        (ready) => ready.handleUpgrade(request, socket, head, (opened) => accept(opened, role)),
        (error: unknown) => {
          console.error('socket', error)
          refuse(socket, '503 Service Unavailable')
        },
      )
    },
    get open() {
      return sockets.size
    },
    close: () => {
      closed = true
      for (const socket of sockets) end(socket)
    },
  }
}
