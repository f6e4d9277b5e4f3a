import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { DETACHED_EXIT, exitCodeOf } from '../exit-code.ts'
import { type Io, write } from '../io.ts'
import { receiptText } from '../output/receipt.ts'
import { styleOf } from '../output/style.ts'

export type EndOfTerminal = {
  io: Io
  connection: Connection
  session: Session
  /** Undefined when the user has left it. */
  ended: Session | undefined
  quiet: boolean
  json: boolean
}

/** Says how it is with the session now, and answers the exit code. */
export const endOfTerminal = async ({ io, connection, session, ended, quiet, json }: EndOfTerminal): Promise<number> => {
  const { id } = session
  if (ended) {
    if (json) await write(io.stdout, `${JSON.stringify(ended)}\n`)
    if (!quiet) await write(io.stderr, `${receiptText(ended, styleOf(io.stderr, io.env))}\n`)
    return ended.outcome ? exitCodeOf(ended.outcome) : 1
  }
  if (json) await write(io.stdout, `${JSON.stringify(await connection.get('/v1/sessions/:id', { param: { id } }))}\n`)
  if (!quiet) await write(io.stderr, `\nleft; ${id} goes on. Come back: remote connect ${id}   end it: remote terminate ${id}\n`)
  return DETACHED_EXIT
}
