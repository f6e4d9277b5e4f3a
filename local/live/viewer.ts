import type { WebSocket } from 'ws'
import type { ToViewer, Typed } from '../../core/contract/frames.ts'
import type { Position } from '../../core/contract/ids.ts'
import type { Session } from '../../core/contract/session.ts'
import type { SessionView } from './session-view.ts'
import type { SpoolPlace } from './spool-frames.ts'

/**
 * One attached viewer: sends what the spool holds from its own position on, one frame at a time and the next only when the one
 * before has left the process. A viewer that does not read costs a position and one frame.
 */
export class Viewer {
  readonly #socket: WebSocket
  readonly #view: SessionView
  #attempt: number
  #first: number
  #place: SpoolPlace | undefined
  /** The first one travels with `attached`. */
  #shown: Session
  #sending = false
  /** Names what it types, once it does. */
  #stream: string | undefined
  #typed: Typed | undefined

  constructor(socket: WebSocket, view: SessionView, from: Position) {
    this.#socket = socket
    this.#view = view
    this.#shown = view.session
    this.#attempt = from.attempt
    this.#first = Math.max(1, from.seq)
  }

  types(stream: string) {
    this.#stream = stream
  }

  /** Of several the newest says it all. */
  typed(typed: Typed) {
    if (typed.stream !== this.#stream) return
    this.#typed = typed
    this.wake()
  }

  /** Something may have changed: sends the next thing there is, if nothing is on its way. */
  wake() {
    if (this.#sending || this.#socket.readyState !== this.#socket.OPEN) return
    try {
      const next = this.#next()
      if (next !== undefined) this.#send(next)
    } catch (error) {
      console.error('viewer', error)
      this.#socket.close(1011, 'the log cannot be read')
    }
  }

  #send(data: string | Buffer) {
    this.#sending = true
    this.#socket.send(data, (error) => {
      this.#sending = false
      // A failed send closes the socket, and whoever opened it hears of that.
      if (!error) this.wake()
    })
  }

  /** Undefined when there is nothing to send (yet). */
  #next(): string | Buffer | undefined {
    const { session } = this.#view
    const typed = this.#typed
    if (typed) {
      this.#typed = undefined
      return frame(typed)
    }
    if (this.#shown.version !== session.version) {
      this.#shown = session
      return frame({ type: 'session', session })
    }
    const over = session.state === 'ended'
    if (this.#attempt > session.attempts.length) return over ? this.#complete(session) : undefined
    // Asked before reading: what was written until the seal was there is read below.
    const sealed = this.#view.sealed(this.#attempt)
    const frames = this.#view.frames(this.#attempt)
    this.#place ??= frames.place(this.#first)
    const records = frames.read(this.#place)
    if (records) {
      this.#place = records.behind
      return records.bytes
    }
    if (!sealed && !over) return undefined
    const attempt = this.#attempt
    const last = sealed?.last ?? this.#place.next - 1
    this.#attempt += 1
    this.#first = 1
    this.#place = undefined
    return frame({ type: 'sealed', attempt, last, ...(sealed?.lost === undefined ? {} : { lost: sealed.lost }) })
  }

  #complete(session: Session): undefined {
    this.#sending = true
    this.#socket.send(frame({ type: 'complete', session }), () => this.#socket.close(1000))
  }
}

const frame = (value: ToViewer): string => JSON.stringify(value)
