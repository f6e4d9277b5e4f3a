import { findSession } from '../find-session.ts'
import { seeThrough } from '../follow/see-through.ts'
import { startOf } from '../follow/start-of.ts'
import type { Command } from '../verbs/verb.ts'

export const attach: Command = async ({ io, args: [id = ''], flags }) => {
  const quiet = flags.on('quiet')
  const { connection, session } = await findSession(io, id, { quiet })
  const from = await startOf(connection, session.id, flags)
  return seeThrough({ io, connection, session, from, quiet, json: flags.on('json') })
}
