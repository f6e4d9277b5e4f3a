import type { RemoteError } from '../../core/contract/remote-error.ts'
import { findTarget } from '../ssh/find-target.ts'
import { failureIn, prepareConnection } from '../ssh/open-connection.ts'
import { runSsh } from '../ssh/run-ssh.ts'
import { withDirectory } from '../ssh/ssh-directory.ts'
import type { Command } from '../verbs/verb.ts'

/** Of ssh, when it had no connection. */
const NO_CONNECTION = 255

export const ssh: Command = async ({ io, args: [id = '', ...command], flags }) => {
  const { first: target, forget } = await findTarget(io, id, { quiet: flags.on('quiet') })
  return withDirectory(async (dir) => {
    const args = await prepareConnection(io, target, dir)
    const code = await runSsh(io, { args: command.length > 0 ? [...args, '--', ...command] : args })
    const failure: RemoteError | undefined = code === NO_CONNECTION ? failureIn(dir) : undefined
    if (failure) {
      await forget()
      throw failure
    }
    return code
  })
}
