import type { Session } from '../core/contract/session.ts'
import type { Connection } from './connect.ts'
import type { Flags } from './flags.ts'
import { detached, seeThrough } from './follow/see-through.ts'
import { type Io, write } from './io.ts'

const START = { attempt: 1, seq: 1 }

export type Finish = {
  io: Io
  connection: Connection
  session: Session
  flags: Flags
  repositoryDir: string | undefined
  isLeft: boolean
}

/** After a session was accepted: its id with --detach, else its log, its result and its exit code. */
export const finishDispatch = async ({ io, connection, session, flags, repositoryDir, isLeft }: Finish): Promise<number> => {
  const json = flags.on('json')
  const quiet = flags.on('quiet')
  if (flags.on('detach')) {
    await write(io.stdout, json ? `${JSON.stringify(session)}\n` : `${session.id}\n`)
    if (quiet || json) return 0
    await write(io.stderr, `see it: remote attach ${session.id}   end it: remote terminate ${session.id}\n`)
    // Only who waits for the result can push it: this machine's git has the credentials, and nobody else.
    if (flags.on('push')) await write(io.stderr, `push its result when it is done: remote pull ${session.id} --push\n`)
    return 0
  }
  if (isLeft) return detached(io, session, quiet)
  const takeHome = async (ended: Session) => {
    if (repositoryDir === undefined) return undefined
    const { takeHome: take } = await import('./take-home.ts')
    return take({ io, connection, session: ended, repositoryDir, push: flags.on('push'), quiet })
  }
  return seeThrough({ io, connection, session, from: START, quiet, json, takeHome })
}
