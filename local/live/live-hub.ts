import type { WebSocket } from 'ws'
import { FromViewer, type ToViewer } from '../../core/contract/frames.ts'
import type { Position } from '../../core/contract/ids.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Doorbell } from '../../core/ports/doorbell.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { RunnerConnections } from './runner-connections.ts'
import { SessionView } from './session-view.ts'
import { TableViewer } from './table-viewer.ts'
import { Viewer } from './viewer.ts'

const say = (socket: WebSocket, frame: ToViewer) => socket.send(JSON.stringify(frame))

/** The live path: runners ring in, viewers are sent what the spool holds. Nothing here is needed to run a session. */
export class LiveHub implements Doorbell {
  readonly runners: RunnerConnections
  readonly #sessions: Pick<SessionStore, 'get' | 'list'>
  readonly #dir: string
  readonly #views = new Map<string, SessionView>()
  readonly #runnerClosed: (session: string, attempt: number) => void
  readonly #typed: (session: string, by: string, connection: string) => Promise<unknown>
  readonly #tables = new Set<TableViewer>()

  constructor(options: {
    sessions: Pick<SessionStore, 'get' | 'list'>
    sessionsDir: string
    runnerClosed: (session: string, attempt: number) => void
    /** Notes who types into a session. */
    typed: (session: string, by: string, connection: string) => Promise<unknown>
  }) {
    this.#sessions = options.sessions
    this.#dir = options.sessionsDir
    this.#runnerClosed = options.runnerClosed
    this.#typed = options.typed
    this.runners = new RunnerConnections({
      live: (session) => this.#views.get(session)?.grown(),
      typed: (session, typed) => {
        for (const viewer of this.#views.get(session)?.viewers ?? []) viewer.typed(typed)
      },
      closed: options.runnerClosed,
      watched: (session) => this.watched(session),
    })
  }

  ring(session: string) {
    this.runners.tell(session, { type: 'bell' })
  }

  watched(session: string): boolean {
    return this.#views.has(session)
  }

  changed(session: Session) {
    const view = this.#views.get(session.id)
    if (view && view.session.version < session.version) view.session = session
    view?.changed()
    for (const table of this.#tables) table.show(session)
    if (session.state === 'ended') this.runners.forget(session.id)
  }

  /** The log of an attempt was closed. */
  sealed(session: string) {
    this.#views.get(session)?.changed()
  }

  /** A runner of another attempt than the session's current one is told to stop; so is one of an ended session. */
  openRunner(session: string, attempt: number, socket: WebSocket) {
    const open = async () => {
      const record = await this.#sessions.get(session)
      if (socket.readyState !== socket.OPEN) return this.#runnerClosed(session, attempt)
      const current = record?.attempts.at(-1)
      const isCurrent = current?.number === attempt && current.endedAt === undefined && record?.state !== 'ended'
      if (!isCurrent) return socket.close(1008, 'fenced: not the attempt that runs')
      this.runners.open(session, attempt, socket)
      this.#views.get(session)?.grown() // what it said before anybody listened
    }
    open().catch((error: unknown) => refuse(socket, error))
  }

  openViewer(socket: WebSocket, by: string) {
    const asked = new Set<FromViewer['type']>()
    let seat: { session: string; viewer: Viewer } | undefined
    /** Before the first key goes on, who types is noted; then everything in its order. */
    let noted: Promise<unknown> | undefined
    socket.on('message', (data, isBinary) => {
      const frame = isBinary ? undefined : parse(data.toString())
      if (frame?.type === 'keys' || frame?.type === 'size') {
        // Before it is attached there is nothing it could type into; it sends that again.
        if (!seat) return
        const { session, viewer } = seat
        viewer.types(frame.stream)
        if (frame.type === 'keys') noted ??= this.#typed(session, by, frame.stream)
        if (!noted) return this.runners.tell(session, frame)
        noted.then(() => this.runners.tell(session, frame)).catch((error: unknown) => refuse(socket, error))
        return
      }
      if (!frame || asked.has(frame.type)) {
        socket.close(1008, frame ? 'asked already' : 'not a frame a viewer sends')
        return
      }
      asked.add(frame.type)
      const attach = async (session: string, from: Position) => {
        const viewer = await this.#attach(socket, session, from)
        seat = viewer && { session, viewer }
      }
      const started = frame.type === 'attach' ? attach(frame.session, frame.from) : this.#watchAll(socket)
      started.catch((error: unknown) => refuse(socket, error))
    })
  }

  async #attach(socket: WebSocket, id: string, from: Position): Promise<Viewer | undefined> {
    const session = await this.#sessions.get(id)
    if (!session) throw new RemoteError('not_found', `there is no session ${id}`, { hint: 'see them all: remote status --all' })
    if (socket.readyState !== socket.OPEN) return undefined
    const first = !this.#views.has(id)
    const view = this.#views.get(id) ?? new SessionView(session, this.#dir)
    this.#views.set(id, view)
    if (view.session.version < session.version) view.session = session
    const viewer = new Viewer(socket, view, from)
    view.viewers.add(viewer)
    socket.on('close', () => this.#detach(view, viewer))
    say(socket, { type: 'attached', live: from, session: view.session })
    if (first) this.runners.tell(id, { type: 'watch', on: true })
    // Whatever the others have seen of it: this one looks for itself.
    view.changed()
    return viewer
  }

  #detach(view: SessionView, viewer: Viewer) {
    view.viewers.delete(viewer)
    if (view.viewers.size > 0) return
    this.#views.delete(view.session.id)
    this.runners.tell(view.session.id, { type: 'watch', on: false })
  }

  async #watchAll(socket: WebSocket) {
    const table = new TableViewer(socket)
    this.#tables.add(table)
    socket.on('close', () => this.#tables.delete(table))
    const { sessions } = await this.#sessions.list({ active: true, limit: 1000 })
    for (const session of sessions) table.show(session)
  }
}

const parse = (text: string): FromViewer | undefined => {
  try {
    return FromViewer.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

const refuse = (socket: WebSocket, error: unknown) => {
  if (error instanceof RemoteError) {
    say(socket, { type: 'error', code: error.code, message: error.message, ...(error.hint ? { hint: error.hint } : {}) })
    socket.close(1000)
    return
  }
  console.error('socket', error)
  socket.close(1011, 'something went wrong here; the story is in the log of the daemon')
}
