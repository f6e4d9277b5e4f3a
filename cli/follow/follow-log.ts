import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../core/contract/backoff.ts'
import type { FromViewer, ToViewer, Typed } from '../../core/contract/frames.ts'
import type { Position } from '../../core/contract/ids.ts'
import { ERRORS, type ErrorCode, RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { type Joined, joinFrom, joinLog, type LogInput, type LogJoin } from '../../core/domain/log-join.ts'
import { openBackoff } from '../backoff.ts'
import type { Connection } from '../connect.ts'
import { canComeBack, isAbsent, isGone } from './can-come-back.ts'
import { compileAtOnce } from './compile-at-once.ts'
import { eventsIn } from './events-in.ts'
import type { Message, ViewerSocket } from './open-socket.ts'
import { type LogReader, readSegments } from './read-segments.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2000
const FIRST_PAUSE_AFAR_MS = 1000
const LONGEST_PAUSE_AFAR_MS = 15_000
/** What is missing may still be on its way into a segment. */
const HEAL_MS = 12
const LONGEST_HEAL_MS = 1000
/** Reading the same hole so often without getting further: the log is damaged. */
const MOST_HEALS = 20

export type Viewing = {
  connection: LogReader & Pick<Connection, 'isNear' | 'openSocket' | 'wake'>
  session: string
  from: Position
  give(joined: Joined): Promise<void>
  changed(session: Session): void
  /** Attached: what is typed can be sent, for as long as the connection is there. */
  opened?(send: (frame: FromViewer) => void): void
  typed?(typed: Typed): void
  /** The connection was lost (true) and is there again (false). */
  away?(away: boolean): void
  signal: AbortSignal
  /** From afar: after so long without a frame the record is asked. */
  quietMs?: number
  random?: Random
}

const isBefore = (a: Position, b: Position) => a.attempt < b.attempt || (a.attempt === b.attempt && a.seq < b.seq)

/** Frames of one burst may overtake each other on their way through API Gateway: so long a hole is only disorder. */
const DISORDER_MS = 400
/** A function that starts, and looks at the log of many attempts, takes seconds. */
const ATTACH_MS = 30_000
/** Frames from afar may be lost, the last one too: after so long without any the record is asked. */
const QUIET_MS = 20_000

/** Follows one connection. Answers the ended session, or undefined when it has to attach again from `place.join.next`. */
class Follower {
  join: LogJoin
  #heals = 0
  /** Something before what has arrived is missing. */
  hasHole = false
  socket: ViewerSocket | undefined
  readonly #viewing: Viewing
  constructor(viewing: Viewing) {
    this.#viewing = viewing
    this.join = joinFrom(viewing.from)
  }

  async #give(joined: Joined) {
    if (isBefore(this.join.next, joined.join.next)) this.#heals = 0
    this.join = joined.join
    if (joined.events.length > 0 || joined.unrecorded) await this.#viewing.give(joined)
  }

  async #take(input: LogInput): Promise<boolean> {
    const joined = joinLog(this.join, input)
    await this.#give(joined)
    this.hasHole = joined.hole
    return joined.hole
  }

  async heal() {
    if (++this.#heals > MOST_HEALS) {
      const { attempt, seq } = this.join.next
      throw new RemoteError('corrupt', `the log has no event ${attempt}.${seq}`, {
        hint: `what is there: remote logs ${this.#viewing.session}`,
      })
    }
    const { connection, session } = this.#viewing
    await readSegments(connection, session, this.join, (joined) => this.#give(joined))
    if (this.#heals > 1) await pause(Math.min(LONGEST_HEAL_MS, HEAL_MS * 2 ** this.#heals))
  }

  /** What a frame leads to: nothing, another attach, or the end. */
  async frame(message: Message): Promise<'again' | Session | undefined> {
    if ('binary' in message) {
      const attempt = new DataView(message.binary.buffer, message.binary.byteOffset, 4).getUint32(0)
      return this.#live(attempt, message.binary.subarray(4))
    }
    const frame = JSON.parse(message.text) as ToViewer
    switch (frame.type) {
      case 'attached':
        this.#viewing.changed(frame.session)
        // What lies before live is history; the socket waits meanwhile.
        if (isBefore(this.join.next, frame.live)) await this.heal()
        this.#viewing.opened?.((said) => this.socket?.send(said))
        return undefined
      case 'typed':
        this.#viewing.typed?.(frame)
        return undefined
      case 'live':
        if (frame.records !== undefined) return this.#live(frame.attempt, Buffer.from(frame.records, 'base64'))
        // What is not sent along has been sealed.
        if (isBefore(this.join.next, { attempt: frame.attempt, seq: frame.last + 1 })) await this.heal()
        return undefined
      case 'sealed':
        return this.#mended(await this.#take({ kind: 'sealed', attempt: frame.attempt, last: frame.last, lost: frame.lost }))
      case 'behind':
        await this.heal()
        return 'again'
      case 'session':
        this.#viewing.changed(frame.session)
        return undefined
      case 'complete':
        this.#viewing.changed(frame.session)
        await this.#finish(frame.session)
        return frame.session
      case 'error':
        throw new RemoteError(frame.code in ERRORS ? (frame.code as ErrorCode) : 'bug', frame.message, { hint: frame.hint })
      default:
        // API Gateway's own word for what its function failed at: perhaps it never heard that we attach.
        if ('message' in frame) throw new RemoteError('unavailable', 'the control plane failed to answer a viewer')
        return undefined
    }
  }

  /** Nothing comes: what is in segments meanwhile, and the session if it has ended. */
  async look(): Promise<Session | undefined> {
    const { connection, session, changed } = this.#viewing
    const record = await connection.get('/v1/sessions/:id', { param: { id: session } })
    changed(record)
    const { join } = await readSegments(connection, session, this.join, (joined) => this.#give(joined))
    this.join = join
    if (record.state !== 'ended') return undefined
    await this.#finish(record)
    return record
  }

  /** The last frames may have been lost on their way: the record says how far each attempt's log reaches. */
  async #finish({ attempts }: Session) {
    let hole = false
    for (const { number, lastSeq, lost } of attempts) {
      if (lastSeq !== undefined) hole = await this.#take({ kind: 'sealed', attempt: number, last: lastSeq, lost })
    }
    if (hole) await this.heal()
  }

  #live = async (attempt: number, records: Uint8Array) =>
    this.#mended(await this.#take({ kind: 'events', attempt, events: eventsIn(records) }))

  /** Near, nothing overtakes: what is missing will not come. */
  #mended = (hole: boolean) => (hole && this.#viewing.connection.isNear ? this.mend() : undefined)

  /** Fills a hole from segments; what is in none yet is sealed when we attach again. */
  async mend(): Promise<'again' | undefined> {
    await this.heal()
    return (await this.#take({ kind: 'events', attempt: this.join.next.attempt, events: [] })) ? 'again' : undefined
  }
}

const within = async <T>(ms: number, coming: Promise<T>): Promise<T | 'late'> => {
  const over = new AbortController()
  const late = pause(ms, 'late' as const, { signal: over.signal })
  late.catch(() => undefined) // the other was sooner
  return Promise.race([coming, late]).finally(() => over.abort())
}

const readAll = async (
  follower: Follower,
  socket: ViewerSocket,
  isNear: boolean,
  quietMs: number,
): Promise<Session | 'again' | undefined> => {
  const messages = socket.messages[Symbol.asyncIterator]()
  if (!isNear) {
    const first = await within(ATTACH_MS, messages.next())
    if (first === 'late') throw new RemoteError('timeout', 'the control plane does not answer a viewer')
    const led = first.done ? undefined : await follower.frame(first.value)
    if (led || first.done) return led
  }
  for (;;) {
    const coming = messages.next()
    let arrived = follower.hasHole ? await within(DISORDER_MS, coming) : await (isNear ? coming : within(quietMs, coming))
    while (arrived === 'late') {
      const led = follower.hasHole ? await follower.mend() : await follower.look()
      if (led) return led
      arrived = await (isNear ? coming : within(quietMs, coming))
    }
    if (arrived.done) return undefined
    const led = await follower.frame(arrived.value)
    if (led) return led
  }
}

/** Gives the session's log from `from` on, each event once and in order, over any number of connections, until it has ended. */
export const followLog = async (viewing: Viewing): Promise<Session> => {
  const { connection, session, signal } = viewing
  const follower = new Follower(viewing)
  const backoff = openBackoff(
    connection.isNear
      ? { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS, random: () => 1 } // nobody else comes back
      : { firstMs: FIRST_PAUSE_AFAR_MS, longestMs: LONGEST_PAUSE_AFAR_MS, random: viewing.random },
  )
  let lost = false
  for (;;) {
    signal.throwIfAborted()
    let absent = false
    try {
      const socket = await connection.openSocket()
      follower.socket = socket
      const close = () => socket.close()
      signal.addEventListener('abort', close, { once: true })
      try {
        backoff.reset()
        if (lost) viewing.away?.(false)
        lost = false
        socket.send({ type: 'attach', session, from: follower.join.next })
        compileAtOnce() // while the answer is on its way
        const ended = await readAll(follower, socket, connection.isNear, viewing.quietMs ?? QUIET_MS)
        if (ended === 'again') continue
        if (ended) return ended
      } finally {
        follower.socket = undefined
        signal.removeEventListener('abort', close)
        socket.close()
      }
    } catch (error) {
      if (!isGone(error) && !canComeBack(error)) throw error
      absent = isAbsent(error)
    }
    signal.throwIfAborted()
    if (!lost) viewing.away?.(true)
    lost = true
    // Everybody was cut off at the same time, and must not come back so.
    await pause(backoff.next(), undefined, { signal })
    if (!absent) continue
    // Whoever is first starts it.
    await connection.wake().catch((error: unknown) => {
      if (!(error instanceof RemoteError && ERRORS[error.code].retryable)) throw error
    })
  }
}
