import type { Position } from '../../core/contract/ids.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { DETACHED_EXIT, exitCodeOf } from '../exit-code.ts'
import { type Io, write } from '../io.ts'
import { type Pulled, receiptText } from '../output/receipt.ts'
import { styleOf } from '../output/style.ts'
import { watchSession } from './watch-session.ts'

export type SeeThrough = {
  io: Io
  connection: Connection
  session: Session
  from: Position
  quiet: boolean
  json: boolean
  /** Brings the result home before the receipt; answers what is there now. */
  takeHome?: (session: Session) => Promise<Pulled | undefined>
}

/** Whoever left is told how to come back; answers the exit code for it. */
export const detached = async (io: Io, { id }: Session, quiet: boolean): Promise<number> => {
  if (!quiet) await write(io.stderr, `\ndetached; ${id} goes on. See it: remote attach ${id}   end it: remote terminate ${id}\n`)
  return DETACHED_EXIT
}

/** Follows a session to its end and answers the exit code of its outcome; 130 when the user detached. */
export const seeThrough = async ({ io, connection, session, from, quiet, json, takeHome }: SeeThrough): Promise<number> => {
  const ended = await watchSession({ io, connection, session, from, quiet, aside: json })
  if (!ended) return detached(io, session, quiet)
  const pulled = await takeHome?.(ended)
  if (json) await write(io.stdout, `${JSON.stringify(ended)}\n`)
  if (!quiet) await write(io.stderr, `${receiptText(ended, styleOf(io.stderr, io.env), pulled)}\n`)
  return ended.outcome ? exitCodeOf(ended.outcome) : 1
}
