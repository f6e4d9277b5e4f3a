import type { RemoteError } from '../../core/contract/remote-error.ts'
import { findTarget } from '../ssh/find-target.ts'
import { failureIn, prepareConnection } from '../ssh/open-connection.ts'
import { runSsh } from '../ssh/run-ssh.ts'
import { withDirectory } from '../ssh/ssh-directory.ts'
import { Interrupted, unlessAborted, untilInterrupted } from '../ssh/until-interrupted.ts'
import type { Command } from '../verbs/verb.ts'

/** Of ssh, when it had no connection. */
const NO_CONNECTION = 255
const INTERRUPTED = 130

export const ssh: Command = async ({ io, args: [id = '', ...command], flags }) => {
  const { first: target, forget } = await findTarget(io, id, { quiet: flags.on('quiet') })
  const connect = async (dir: string, signal: AbortSignal) => {
    const args = await unlessAborted(signal, () => prepareConnection(io, target, dir))
    const code = await runSsh(io, { args: command.length > 0 ? [...args, '--', ...command] : args, signal })
    const failure: RemoteError | undefined = code === NO_CONNECTION ? failureIn(dir) : undefined
    if (failure) {
      await forget()
      throw failure
    }
    return code
  }
  return untilInterrupted(io, (signal) =>
    withDirectory((dir) => connect(dir, signal)).catch((error: unknown) => {
      if (error instanceof Interrupted) return INTERRUPTED
      throw error
    }),
  )
}
