import type { Position } from '../../core/contract/ids.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Joined } from '../../core/domain/log-join.ts'
import { type Connection, codeOf } from '../connect.ts'
import { DETACHED_EXIT } from '../exit-code.ts'
import { followLog } from '../follow/follow-log.ts'
import { type Io, write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { openStateLine, waitingText } from '../output/state-line.ts'
import { openKeySender } from './key-sender.ts'
import { openModesLeft } from './modes-left.ts'
import { screenful } from './screenful.ts'
import { openTypedInput } from './typed-input.ts'

export type SeeTerminal = {
  io: Io
  connection: Connection
  session: Session
  from: Position
  /** What is recorded up to here is shown as the screen it left; all of it, without. */
  replayed?: Position | undefined
  quiet: boolean
  /** stdout is for a record: what the terminal prints goes to stderr. */
  aside: boolean
  /** It was made by this call. */
  isOurs: boolean
}

/** What is typed before its shell listens may be taken for something else: it waits for its first word, but not for ever. */
const SHELL_MS = 3000
const ROWS = 24
const isAbort = (error: unknown) => error instanceof Error && (error.name === 'AbortError' || codeOf(error) === 'ABORT_ERR')
const isAfter = (a: Position, b: Position) => a.attempt > b.attempt || (a.attempt === b.attempt && a.seq > b.seq)
const streamName = () => crypto.randomUUID().replaceAll('-', '')

/**
 * Sits down at a terminal session: prints what it prints and types what is typed here, over any number of connections. Answers the
 * session's last record when it has ended, undefined when the user has left.
 */
export const seeTerminal = async (asked: SeeTerminal): Promise<Session | undefined> => {
  const { io, connection, session, from, replayed, quiet, aside, isOurs } = asked
  const screen = aside ? io.stderr : io.stdout
  const isSeen = screen.isTTY === true
  const leave = new AbortController()
  const left = Promise.withResolvers<undefined>()
  const detach = () => {
    // The second one may come while the output is stuck.
    if (leave.signal.aborted) process.exit(DETACHED_EXIT)
    leave.abort()
    left.resolve(undefined)
  }
  const stopListening = io.onInterrupt(detach)
  const line = openStateLine(io, quiet)
  const keys = openKeySender(streamName(), connection)
  const modes = openModesLeft()
  const heard = Promise.withResolvers<void>()
  let input: { close(): void } | undefined
  let history: Uint8Array[] | undefined = replayed && []

  const say = (text: string) => {
    if (!quiet) io.stderr.write(isSeen ? `\r\n${text}\r\n` : `${text}\n`)
  }
  const resize = () => {
    if (isSeen && screen.columns && screen.rows) keys.resize(screen.columns, screen.rows)
  }
  const print = async (bytes: Uint8Array) => {
    if (isSeen) modes.see(bytes)
    await write(screen, bytes)
  }
  const show = async ({ events, join, unrecorded }: Joined) => {
    for (const { head, bytes } of events) {
      if (head.type === 'notice' || head.type === 'gap')
        say(`remote: ${oneLine(head.type === 'gap' ? `the record has a gap: ${head.why}` : head.text)}`)
      if (!bytes) continue
      heard.resolve()
      if (history) history.push(bytes)
      else await print(bytes)
    }
    if (unrecorded) say(`remote: some of what was shown is not in the record: ${unrecorded.why}`)
    if (history && replayed && isAfter(join.next, replayed)) {
      const shown = screenful(Buffer.concat(history), screen.rows ?? ROWS)
      history = undefined
      await print(shown)
    }
  }
  const sitDown = () => {
    if (input || leave.signal.aborted) return
    input = openTypedInput({ io, keys, endsShell: isOurs, onDetach: detach })
    screen.on('resize', resize)
  }
  const changed = (record: Session) => {
    const isUp = record.state === 'running' && !record.stop
    line.say(isUp ? undefined : waitingText(record))
    if (!isUp || input) return
    line.end()
    if (io.stdin.isTTY === true) return sitDown()
    const patience = setTimeout(heard.resolve, SHELL_MS)
    void heard.promise.then(() => {
      clearTimeout(patience)
      sitDown()
    })
  }
  const away = (lost: boolean) => {
    if (lost) keys.connected(undefined)
    const who = connection.isNear ? 'the daemon is away' : 'not connected'
    say(lost ? `remote: ${who}; what you type is kept; connecting again` : 'remote: connected again')
  }
  if (!quiet && io.stdin.isTTY === true)
    io.stderr.write(`remote: ${session.id} on ${connection.runtime}; type ~. at the beginning of a line to leave it running\n`)
  resize() // goes before whatever is typed
  const followed = followLog({
    ...{ connection, session: session.id, from, signal: leave.signal, give: show, changed, away, typed: keys.typed },
    opened: keys.connected,
  })
  try {
    changed(session)
    return await Promise.race([followed, left.promise])
  } catch (error) {
    if (isAbort(error)) return undefined
    throw error
  } finally {
    followed.catch(() => undefined) // told above, or nobody waits for it after a detach
    leave.abort()
    stopListening()
    screen.off('resize', resize)
    input?.close()
    keys.close()
    line.end()
    if (history && history.length > 0) await print(screenful(Buffer.concat(history), screen.rows ?? ROWS))
    if (isSeen) screen.write(modes.undo())
  }
}
