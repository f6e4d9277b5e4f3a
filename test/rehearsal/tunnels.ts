import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { Control } from './control.ts'
import { incoming } from './front-route.ts'
import { listening } from './listening.ts'

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html */
const MOST_TUNNELS = 20
/** The CLI of AWS sends no more at once. */
const FRAME_BYTES = 65_000
const CERTIFICATE_DAYS = '2'

/** Opens a connection to a port of a machine, from the endpoint's own address in its network. */
export type Reach = (address: string, port: number) => Promise<Duplex>
export type Tunnels = {
  /** What an endpoint's DNS name is here: address and port. */
  host: string
  /** File of the certificate by which it is known: for `NODE_EXTRA_CA_CERTS`. */
  certificate: string
  /** No tunnel lives longer than this from now on; those that are open already keep their time. */
  limit(seconds: number): void
  /** Ends all that are open as their time would. */
  cut(): void
  count(): number
  /** How machines are reached, once there are some. */
  through(reach: Reach): void
  close(): Promise<void>
}

const makeCertificate = (dir: string) => {
  mkdirSync(dir, { recursive: true })
  const [key, certificate] = [join(dir, 'tunnels.key'), join(dir, 'tunnels.crt')]
  const subject = ['-subj', '/CN=tunnels', '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const made = ['req', '-x509', ...curve, '-nodes', '-days', CERTIFICATE_DAYS, ...subject, '-keyout', key, '-out', certificate]
  execFileSync('openssl', made, { stdio: 'ignore' })
  return { key, certificate }
}

/**
 * Our model of the EC2 Instance Connect Endpoint's side of a tunnel: a presigned WebSocket whose binary frames are the bytes of one TCP
 * connection. Who may open one to where is decided in model/instance_connect.py. What AWS does not document (the status of a refusal, the
 * code by which it closes) is our guess, and nothing may depend on it.
 */
export const openTunnels = async ({ control, dir }: { control: Control; dir: string }): Promise<Tunnels> => {
  const { key, certificate } = makeCertificate(dir)
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES, perMessageDeflate: false })
  const open = new Map<object, { end: (why: string) => void; endpoint: string }>()
  let longest = Number.POSITIVE_INFINITY
  let reach: Reach = () => Promise.reject(new Error('there are no machines'))

  const decide = (request: IncomingMessage) => {
    const { rawPath, rawQuery, headers } = incoming(request, Buffer.alloc(0))
    return control.tunnel({ rawPath, rawQuery, headers, bodySha256: createHash('sha256').update('').digest('hex') })
  }
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const deny = (status: number, code: string, message: string) => {
      const body = JSON.stringify({ __type: code, message })
      const lines = [`HTTP/1.1 ${status} Refused`, 'content-type: application/json', `x-amzn-errortype: ${code}`]
      socket.end([...lines, `content-length: ${Buffer.byteLength(body)}`, 'connection: close', '', body].join('\r\n'))
    }
    const decided = await decide(request)
    if (!decided.allowed) return deny(decided.status, decided.code, decided.message)
    if ([...open.values()].filter(({ endpoint }) => endpoint === decided.endpoint).length >= MOST_TUNNELS)
      return deny(429, 'ThrottlingException', 'Too many tunnels are open at this endpoint.')
    const machine = decided.reached ? await reach(decided.address, decided.port).catch(() => undefined) : undefined
    sockets.handleUpgrade(request, socket, head, (tunnel) => {
      if (!machine) return tunnel.close(1011, 'Unable to connect to target')
      const end = (why: string) => {
        tunnel.close(1008, why)
        machine.destroy()
      }
      open.set(tunnel, { end, endpoint: decided.endpoint })
      const timer = setTimeout(() => end('Max tunnel duration reached'), 1000 * Math.min(decided.seconds, longest))
      const bytes = createWebSocketStream(tunnel)
      bytes.on('error', () => machine.destroy())
      machine.on('error', () => tunnel.close(1011, 'Connection lost'))
      machine.on('close', () => tunnel.close(1000))
      tunnel.on('close', () => {
        clearTimeout(timer)
        open.delete(tunnel)
        machine.destroy()
      })
      bytes.pipe(machine).pipe(bytes)
    })
  }
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined)
    upgrade(request, socket, head).catch(() => socket.destroy())
  })
  server.on('request', (_, response) => response.writeHead(426).end())
  const cut = () => {
    for (const { end } of [...open.values()]) end('Max tunnel duration reached')
  }
  return {
    host: `127.0.0.1:${await listening(server)}`,
    certificate,
    limit: (seconds) => {
      longest = seconds
    },
    cut,
    count: () => open.size,
    through: (given) => {
      reach = given
    },
    close: async () => {
      cut()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
