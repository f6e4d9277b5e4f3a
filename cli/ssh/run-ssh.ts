import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { codeOf } from '../connect.ts'
import type { Io } from '../io.ts'

export type SshRun = {
  args: readonly string[]
  /** What ssh and its own programs print, instead of printing it. */
  onOutput?: ((text: string) => void) | undefined
  /** ssh's own complaints, instead of saying them. */
  onComplaint?: ((text: string) => void) | undefined
  /** Ends it. */
  signal: AbortSignal
}

const textOf = (stream: Readable | null, heard: ((text: string) => void) | undefined) => {
  if (heard) stream?.setEncoding('utf8').on('data', heard)
}

/**
 * Runs OpenSSH on our own terminal and resolves to its exit code once it has: 255 when there was no
 * connection, else what the command on the other side ended with.
 */
export const runSsh = (io: Pick<Io, 'env'>, { args, onOutput, onComplaint, signal }: SshRun): Promise<number> =>
  new Promise((resolve, reject) => {
    const stdio = [onOutput ? 'ignore' : 'inherit', onOutput ? 'pipe' : 'inherit', onComplaint ? 'pipe' : 'inherit'] as const
    const child: ChildProcess = spawn('ssh', args, { env: io.env, stdio: [...stdio] })
    textOf(child.stdout, onOutput)
    textOf(child.stderr, onComplaint)
    const end = () => void child.kill('SIGTERM')
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    const over = () => signal.removeEventListener('abort', end)
    child.on('error', (cause) => {
      over()
      const isMissing = codeOf(cause) === 'ENOENT'
      const hint = 'install it, for example: sudo apt-get install openssh-client'
      reject(
        isMissing ? new RemoteError('not_supported', 'OpenSSH is not installed here: ssh is missing', { hint, cause }) : cause,
      )
    })
    child.on('close', (code, by) => {
      over()
      resolve(code ?? 128 + (by ? constants.signals[by] : 0))
    })
  })
