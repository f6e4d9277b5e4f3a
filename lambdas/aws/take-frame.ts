import { FromRunner, FromViewer, type Keys, type Size, type ToViewer } from '../../core/contract/frames.ts'
import type { Position } from '../../core/contract/ids.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { SegmentStore } from '../../core/ports/segment-store.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { type Bells, sendAll, shown } from './api-gateway-doorbell.ts'
import type { Connection } from './dynamo-connection-store.ts'

export type Frames = Bells & {
  sessions: Pick<SessionStore, 'get' | 'list'>
  segments: Pick<SegmentStore, 'log'>
  /** Notes who types into a session. */
  typed(session: string, by: string, connection: string): Promise<void>
}

type Person = Exclude<Connection, { role: 'runner' }>

const MOST_SHOWN = 200

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a connection says. Frames may come out of order, twice, or never: nothing depends on one. */
export const takeFrame = (frames: Frames) => {
  const { connections, sessions, segments } = frames
  const tell = (connection: string, frame: ToViewer) => sendAll(frames, [connection], frame)

  const tellRunner = async (session: string, on: boolean) => {
    const runner = await connections.runner(session)
    if (runner !== undefined) await sendAll(frames, [runner], { type: 'watch', on })
  }

  /** What has been sealed of each attempt: the viewer reads that first, then what comes live from there on. */
  const logs = (session: Session) =>
    Promise.all(session.attempts.map(({ number }) => segments.log(session.id, number, Number.MAX_SAFE_INTEGER))) // no address is wanted

  const attach = async (connection: string, by: string, id: string, from: Position) => {
    const session = await sessions.get(id)
    if (!session) {
      const { code, message, hint } = new RemoteError('not_found', `there is no session ${id}`, {
        hint: 'see them all: remote status --all',
      })
      return tell(connection, { type: 'error', code, message, ...(hint && { hint }) })
    }
    await connections.put(connection, { role: 'viewer', session: id, by })
    const attempts = await logs(session)
    const last = attempts.at(-1)
    const live = last ? { attempt: last.attempt, seq: last.last + 1 } : from
    await tell(connection, { type: 'attached', live, session: shown(session) })
    for (const { attempt, last: seq, sealed, lost } of attempts)
      if (sealed) await tell(connection, { type: 'sealed', attempt, last: seq, ...(lost !== undefined && { lost }) })
    if (session.state === 'ended') await tell(connection, { type: 'complete', session: shown(session) })
    else await tellRunner(id, true)
  }

  const watchAll = async (connection: string, by: string) => {
    await connections.put(connection, { role: 'table', by })
    const { sessions: active } = await sessions.list({ active: true, limit: MOST_SHOWN })
    for (const session of active) await tell(connection, { type: 'session', session: shown(session) })
  }

  /**
   * Into the session that it is attached to; what comes before that, its viewer sends again. Who types is noted before the first key goes
   * on, once for a connection; its first frames can overtake one another, and then it is noted twice.
   */
  const type = async (connection: string, who: Person, frame: Keys | Size) => {
    if (who.role === 'table' || who.session === undefined) return
    const { session, by } = who
    if (frame.type === 'keys' && !who.typed) {
      await frames.typed(session, by, connection)
      await connections.typed(connection, session)
    }
    const runner = await connections.runner(session)
    if (runner !== undefined) await sendAll(frames, [runner], frame)
  }

  const fromViewer = async (connection: string, who: Person, text: string) => {
    const frame = FromViewer.safeParse(parsed(text)).data
    if (frame?.type === 'attach') return attach(connection, who.by, frame.session, frame.from)
    if (frame?.type === 'watch-all') return watchAll(connection, who.by)
    if (frame) return type(connection, who, frame)
    await tell(connection, { type: 'error', code: 'bad_request', message: 'not a frame a viewer sends' })
  }

  const fromRunner = async ({ session, attempt }: Extract<Connection, { role: 'runner' }>, text: string) => {
    const frame = FromRunner.safeParse(parsed(text)).data
    if (frame?.attempt !== attempt) return
    const viewers = await connections.viewers(session)
    if (viewers.length > 0) await sendAll(frames, viewers, frame)
    else await tellRunner(session, false)
  }

  return {
    frame: async (connection: string, text: string): Promise<void> => {
      const who = await connections.get(connection)
      if (who?.role === 'runner') await fromRunner(who, text)
      else if (who) await fromViewer(connection, who, text)
    },
    /** The last viewer's leaving ends the live path. */
    gone: async (connection: string): Promise<void> => {
      const who = await connections.forget(connection)
      if (who?.role !== 'viewer' || who.session === undefined) return
      if ((await connections.viewers(who.session)).length === 0) await tellRunner(who.session, false)
    },
  }
}
