import { findSession } from '../find-session.ts'
import { write } from '../io.ts'
import type { Command } from '../verbs/verb.ts'

export const terminate: Command = async ({ io, args: [id = ''], flags }) => {
  const quiet = flags.on('quiet')
  const { connection, session: meant } = await findSession(io, id, { quiet })
  const ask = { param: { id: meant.id }, json: { now: flags.on('now') } }
  const asked = await connection.post('/v1/sessions/:id/terminate', ask)
  const session =
    flags.on('wait') && asked.state !== 'ended'
      ? await (await import('../follow/wait-for-end.ts')).waitForEnd(connection, asked)
      : asked
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(session)}\n`)
  else if (quiet) await write(io.stdout, `${session.id}\n`)
  else if (session.state === 'ended')
    await write(io.stderr, `${session.id} has ended: ${session.outcome?.outcome.replace('_', ' ') ?? 'ended'}\n`)
  else if (session.stop?.how === 'now') await write(io.stderr, `${session.id} is being killed\n`)
  else await write(io.stderr, `${session.id} may finish its step (10 s); again, or --now, kills it at once\n`)
  return 0
}
