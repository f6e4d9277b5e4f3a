import { findSession } from '../find-session.ts'
import { write } from '../io.ts'
import { placeIn } from '../place-in.ts'
import { pushBranch } from '../push-branch.ts'
import { takeCommand } from '../take-command.ts'
import { pullResult } from '../take-home.ts'
import type { Command } from '../verbs/verb.ts'

const SAID = { created: 'is here', updated: 'is up to date now', unchanged: 'is here already' } as const

export const pull: Command = async ({ io, args: [id = ''], flags }) => {
  const quiet = flags.on('quiet')
  const { connection, session } = await findSession(io, id, { quiet })
  const repositoryDir = placeIn(io, flags.text('repo'))
  const { dir, ...home } = await pullResult({ io, connection, session, repositoryDir })
  if (flags.on('push')) await pushBranch(io, repositoryDir, home.branch)
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ ...session.result, ...home })}\n`)
  else await write(io.stdout, `${home.branch}\n`)
  if (!quiet && !flags.on('json'))
    await write(
      io.stderr,
      `${home.branch} ${SAID[home.done]}. See it: remote diff ${session.id}   take it: ${takeCommand(session, { ...home, dir }, io.cwd)}\n`,
    )
  return 0
}
