import type { WebSocket } from 'ws'
import type { ToViewer } from '../../core/contract/frames.ts'
import type { Session } from '../../core/contract/session.ts'

/** A viewer of all sessions. One that does not read is owed the newest record of each, not every change. */
export class TableViewer {
  readonly #socket: WebSocket
  readonly #owed = new Map<string, Session>()
  #sending = false

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  show(session: Session) {
    const owed = this.#owed.get(session.id)
    if (!owed || owed.version < session.version) this.#owed.set(session.id, session)
    this.#next()
  }

  #next() {
    const [session] = this.#owed.values()
    if (this.#sending || !session) return
    this.#owed.delete(session.id)
    this.#sending = true
    this.#socket.send(JSON.stringify({ type: 'session', session } satisfies ToViewer), (error) => {
      this.#sending = false
      // A closed socket takes nothing more; its viewer is forgotten on `close`.
      if (!error) this.#next()
    })
  }
}
