import { isCommand } from '../../core/contract/is-command.ts'
import type { Session } from '../../core/contract/session.ts'
import { type Joined, joinFrom, type Placed } from '../../core/domain/log-join.ts'
import type { Connection } from '../connect.ts'
import { findSession } from '../find-session.ts'
import { compileAtOnce } from '../follow/compile-at-once.ts'
import { followLog } from '../follow/follow-log.ts'
import { readSegments } from '../follow/read-segments.ts'
import { startOf } from '../follow/start-of.ts'
import { waitForSeal } from '../follow/wait-for-seal.ts'
import { type Io, write } from '../io.ts'
import { jsonLine } from '../output/json-line.ts'
import { openLogView } from '../output/log-view.ts'
import { openStateLine } from '../output/state-line.ts'
import type { Command } from '../verbs/verb.ts'

/** Gives what is there, or with --follow all until the end. */
const read = async (
  connection: Connection,
  session: Session,
  from: { attempt: number; seq: number },
  follow: boolean,
  give: (joined: Joined) => Promise<void>,
) => {
  compileAtOnce()
  if (!follow) return readSegments(connection, session.id, joinFrom(from), give)
  const { signal } = new AbortController()
  return followLog({ connection, session: session.id, from, give, changed: () => undefined, signal })
}

const printer = (io: Io, session: Session, json: boolean, quiet: boolean): ((events: readonly Placed[]) => Promise<void>) => {
  if (json) return (events) => write(io.stdout, events.map(jsonLine).join(''))
  const view = openLogView({ io, line: openStateLine(io, true), quiet, isShell: isCommand(session.request.agent), aside: false })
  return (events) => view.show(events)
}

export const logs: Command = async ({ io, args: [id = ''], flags }) => {
  const quiet = flags.on('quiet')
  const { connection, session } = await findSession(io, id, { quiet })
  const follow = flags.on('follow')
  // Who follows, watches anyway.
  if (!follow && !(await waitForSeal(connection, session)) && !quiet)
    await write(
      io.stderr,
      `remote: the machine of ${session.id} does not say how far it is: what it wrote in the last minute may be missing\n`,
    )
  const from = await startOf(connection, session.id, flags)
  const print = printer(io, session, flags.on('json'), quiet)
  await read(connection, session, from, follow, ({ events }) => print(events))
  return 0
}
