import type { FromViewer } from '../../core/contract/frames.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'

export type Message = { binary: Uint8Array } | { text: string }

/** A viewer's connection. What is not read yet stays with the sender: a slow reader costs no memory on either side. */
export type ViewerSocket = { messages: AsyncIterable<Message>; send(frame: FromViewer): void; close(): void }

export type SocketAddress = {
  /** `ws+unix://…`, `ws://…` or `wss://…` */
  url: string
  headers?: Record<string, string> | undefined
  /** Ends the connection when nothing answers a ping: it may have been cut without a word. Not on one machine. */
  pingMs?: number | undefined
  /** How long opening it may take. */
  openMs?: number
  /** What an answer that is no upgrade means. */
  refused?: (status: number, date: string | undefined, text: string) => Error
}

const OPEN_MS = 10_000
/** An error page is no book. */
const MAX_SAID = 16_384

const ofDaemon = (status: number) => new RemoteError('unavailable', `the daemon refuses a viewer (${status})`)

/** `ws` has no code for it. */
const ofOpening = (error: Error, openMs: number): Error =>
  error.message === 'Opening handshake has timed out'
    ? new RemoteError('timeout', `the live path did not open within ${openMs / 1000} s`, {
        hint: 'try again: the session goes on by itself',
        cause: error,
      })
    : error

/** Rejects with node's own error when nobody listens there. */
export const openSocket = async ({
  url,
  headers,
  pingMs,
  openMs = OPEN_MS,
  refused = ofDaemon,
}: SocketAddress): Promise<ViewerSocket> => {
  const { WebSocket } = await import('ws')
  const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: openMs, ...(headers ? { headers } : {}) })
  socket.binaryType = 'nodebuffer'
  const queue: Message[] = []
  let over = false
  let wake: (() => void) | undefined
  const rouse = () => {
    wake?.()
    wake = undefined
  }
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    queue.push(isBinary ? { binary: bytes } : { text: bytes.toString('utf8') })
    socket.pause()
    rouse()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', (error) => reject(ofOpening(error, openMs)))
    socket.once('unexpected-response', (request, answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < MAX_SAID) text += part
      })
      answer.on('close', () => reject(refused(answer.statusCode ?? 500, answer.headers.date, text)))
      answer.on('end', () => request.destroy())
    })
  })
  let answered = true
  const pinging =
    pingMs &&
    setInterval(() => {
      // A reader that is slow has paused the connection, and hears no answer either.
      if (!answered && !socket.isPaused) return socket.terminate()
      answered = false
      socket.ping()
    }, pingMs).unref()
  socket.on('pong', () => {
    answered = true
  })
  socket.on('close', () => {
    clearInterval(pinging)
    over = true
    rouse()
  })
  // A broken connection is told by `close`, which follows.
  socket.on('error', () => socket.terminate())

  async function* read(): AsyncGenerator<Message> {
    for (;;) {
      for (let message = queue.shift(); message; message = queue.shift()) yield message
      if (over) return
      const more = new Promise<void>((resolve) => {
        wake = resolve
      })
      socket.resume()
      await more
    }
  }
  return {
    messages: read(),
    send: (frame) => socket.send(JSON.stringify(frame)),
    close: () => {
      over = true
      socket.terminate()
      rouse()
    },
  }
}
