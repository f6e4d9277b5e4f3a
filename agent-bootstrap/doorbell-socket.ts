import type { Duplex } from 'node:stream'
import type { Random } from '../core/contract/backoff.ts'
import type { FromRunner, ToRunner } from '../core/contract/frames.ts'
import { openBackoff } from './backoff.ts'
import { clientOf, endpointOptions, type Sign } from './http-socket.ts'
import { createFrameReader, encodeFrame, OPCODES } from './websocket-frames.ts'

export type DoorbellSocket = {
  /** Goes out if the connection is there and takes it, and is forgotten otherwise. */
  send(frame: FromRunner): 'sent' | 'full' | 'away'
  close(): void
}

export type DoorbellAddress = {
  endpoint: string
  session: string
  attempt: number
  /** Where it is not at the endpoint: `wss://…`. */
  socket?: string | undefined
  sign?: Sign | undefined
  random?: Random | undefined
}

export type DoorbellListener = {
  onFrame(frame: ToRunner): void
  /** Whatever rang while there was no connection was missed. */
  onOpen(): void
  onClose(): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000
/** Over the internet each try is paid for, and many machines may be cut off at once. */
const FIRST_FAR_PAUSE_MS = 1000
const LONGEST_FAR_PAUSE_MS = 15_000
const CONNECT_DEADLINE_MS = 10_000
/** More than this on its way to a control plane that does not read: frames are dropped, it can see the spool. */
const MAX_UNSENT_BYTES = 256 * 1024

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const placeOf = ({ endpoint, socket, session, attempt }: DoorbellAddress) => {
  const query = `role=runner&session=${session}&attempt=${attempt}`
  if (socket === undefined) return { origin: endpoint, path: `/v1/socket?${query}` }
  const { origin, pathname, search } = new URL(`${socket.replace(/^ws/, 'http')}?${query}`)
  return { origin, path: `${pathname}${search}` }
}

/** The WebSocket to the control plane: connects again, for ever, until closed. */
export const openDoorbell = (address: DoorbellAddress, listener: DoorbellListener): DoorbellSocket => {
  const { sign, random } = address
  const { origin, path } = placeOf(address)
  const longestPause = sign ? LONGEST_FAR_PAUSE_MS : LONGEST_PAUSE_MS
  let closed = false
  const backoff = openBackoff({ firstMs: sign ? FIRST_FAR_PAUSE_MS : FIRST_PAUSE_MS, longestMs: longestPause, random })
  let socket: Duplex | undefined
  let timer: NodeJS.Timeout | undefined

  const later = () => {
    if (closed) return
    timer = setTimeout(connect, backoff.next())
    timer.unref()
  }

  const receive = (text: string) => {
    const frame: unknown = JSON.parse(text)
    if (typeof frame === 'object' && frame !== null && 'type' in frame) listener.onFrame(frame as ToRunner)
  }

  const listen = (connection: Duplex, head: Uint8Array) => {
    if (closed) return connection.destroy()
    socket = connection
    const openedAt = performance.now()
    const read = createFrameReader()
    const onBytes = (bytes: Uint8Array) => {
      try {
        for (const { opcode, payload } of read(bytes)) {
          if (opcode === OPCODES.text) receive(decoder.decode(payload))
          else if (opcode === OPCODES.ping) connection.write(encodeFrame(OPCODES.pong, payload))
          else if (opcode === OPCODES.close) connection.end(encodeFrame(OPCODES.close, payload))
        }
      } catch (error) {
        connection.destroy(error as Error) // not our protocol: 'close' follows, and another try
      }
    }
    connection.on('data', onBytes)
    connection.on('error', () => connection.destroy())
    connection.on('close', () => {
      socket = undefined
      // One that takes connections and drops them at once is not asked faster and faster.
      if (performance.now() - openedAt > longestPause) backoff.reset()
      listener.onClose()
      later()
    })
    listener.onOpen()
    if (head.length > 0) onBytes(head)
  }

  const connect = () => {
    if (sign) sign({ method: 'GET', url: `${origin}${path}` }).then(knock, later)
    else knock({})
  }

  const knock = (proof: Record<string, string>) => {
    if (closed) return
    const key = Buffer.from(Array.from({ length: 16 }, () => Math.floor(Math.random() * 256))).toString('base64')
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key }
    const target = { ...endpointOptions(origin), path, agent: false as const, timeout: CONNECT_DEADLINE_MS }
    const request = clientOf(origin).request({ ...target, headers: { ...headers, ...proof } })
    request.on('upgrade', (_, connection, head) => listen(connection, head))
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', later)
    request.on('response', (answer) => {
      answer.resume() // it knows no doorbell, or not this attempt: the beats go on without
      later()
    })
    request.end()
  }

  connect()
  return {
    send: (frame) => {
      if (!socket) return 'away'
      if (socket.writableLength >= MAX_UNSENT_BYTES) return 'full'
      socket.write(encodeFrame(OPCODES.text, encoder.encode(JSON.stringify(frame))))
      return 'sent'
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      socket?.end(encodeFrame(OPCODES.close, new Uint8Array(0)))
      socket = undefined
    },
  }
}
