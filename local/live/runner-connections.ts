import type { WebSocket } from 'ws'
import { FromRunner, type ToRunner, type Typed } from '../../core/contract/frames.ts'

export type RunnerEvents = {
  /** The spool of the session reaches further. */
  live(session: string): void
  /** What viewers typed has arrived. */
  typed(session: string, typed: Typed): void
  /** The connection ended: the runner may be gone, or only its connection. */
  closed(session: string, attempt: number): void
  watched(session: string): boolean
}

type Connection = { attempt: number; socket: WebSocket }

/** The runners that have a WebSocket open. A doorbell: what is lost here is found in the next beat. */
export class RunnerConnections {
  readonly #events: RunnerEvents
  readonly #bySession = new Map<string, Connection>()
  /** Rung while nobody was there: rung again at the next connection. */
  readonly #missed = new Set<string>()

  constructor(events: RunnerEvents) {
    this.#events = events
  }

  get size(): number {
    return this.#bySession.size
  }

  open(session: string, attempt: number, socket: WebSocket) {
    const known = this.#bySession.get(session)
    if (known && known.attempt > attempt) {
      socket.close(1008, 'fenced: a later attempt is connected')
      return
    }
    this.#bySession.set(session, { attempt, socket })
    known?.socket.close(1008, 'replaced by a newer connection')
    socket.on('message', (data, isBinary) => this.#message(session, socket, isBinary ? undefined : data.toString()))
    socket.on('close', () => {
      if (this.#bySession.get(session)?.socket !== socket) return
      this.#bySession.delete(session)
      this.#events.closed(session, attempt)
    })
    if (this.#events.watched(session)) this.tell(session, { type: 'watch', on: true })
    if (this.#missed.delete(session)) this.tell(session, { type: 'bell' })
  }

  #message(session: string, socket: WebSocket, text: string | undefined) {
    const frame = text === undefined ? undefined : parsed(text)
    if (!frame) socket.close(1008, 'not a frame a runner sends')
    else if (frame.type === 'typed') this.#events.typed(session, frame)
    else this.#events.live(session)
  }

  tell(session: string, frame: ToRunner) {
    const socket = this.#bySession.get(session)?.socket
    if (socket) socket.send(JSON.stringify(frame))
    else if (frame.type === 'bell') this.#missed.add(session)
  }

  forget(session: string) {
    this.#missed.delete(session)
  }
}

const parsed = (text: string): FromRunner | undefined => {
  try {
    return FromRunner.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
