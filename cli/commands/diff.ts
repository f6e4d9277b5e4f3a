import { findSession } from '../find-session.ts'
import { resultOf } from '../git/bring-home.ts'
import { showDiff } from '../git/show-diff.ts'
import { write } from '../io.ts'
import { placeIn } from '../place-in.ts'
import { withDownloads } from '../take-home.ts'
import type { Command } from '../verbs/verb.ts'

export const diff: Command = async ({ io, args: [id = ''], flags }) => {
  const { connection, session } = await findSession(io, id, { quiet: flags.on('quiet') })
  const result = resultOf(session)
  if (flags.on('json')) {
    await write(io.stdout, `${JSON.stringify(result)}\n`)
    return 0
  }
  if (result.base === result.commit && !flags.on('quiet')) await write(io.stderr, `${session.id} changed nothing\n`)
  const repositoryDir = placeIn(io, flags.text('repo'))
  // Only our own terminal can be handed to git and its pager.
  const isOurs = io.stdout === process.stdout && io.stdout.isTTY === true
  await withDownloads({ io, connection, isPatient: isOurs }, (download, tmpDir) =>
    showDiff({
      repositoryDir,
      session,
      download,
      tmpDir,
      env: io.env,
      args: flags.on('stat') ? ['--stat'] : [],
      output: isOurs ? 'inherit' : io.stdout,
    }),
  )
  return 0
}
