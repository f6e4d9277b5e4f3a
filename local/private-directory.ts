import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { RemoteError } from '../core/contract/remote-error.ts'

const ownUid = () => process.getuid?.()

/** Makes `dir` a directory that only we can enter. Throws `refused` when it is somebody else's, a link to somewhere, or cannot be made. */
export const makePrivateDirectory = (dir: string) => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new RemoteError('refused', `${dir} cannot be made (${why})`, {
      hint: 'set REMOTE_HOME to a directory that you can write to',
      cause,
    })
  }
  const facts = lstatSync(dir)
  if (!facts.isDirectory() || facts.uid !== ownUid()) {
    throw new RemoteError('refused', `${dir} is not a directory of yours, so nothing private is put there`, {
      hint: 'remove it, or set REMOTE_HOME to a directory of your own',
    })
  }
  if ((facts.mode & 0o077) !== 0) chmodSync(dir, 0o700)
}

/** Whether something lies at a socket's path. Throws `refused` when it is not ours to remove. */
export const findStaleSocket = (path: string): boolean => {
  const facts = lstatSync(path, { throwIfNoEntry: false })
  if (!facts) return false
  if (facts.uid === ownUid() && facts.isSocket()) return true
  throw new RemoteError('refused', `${path} is not a socket of yours`, {
    hint: 'remove it, or set REMOTE_HOME to a directory of your own',
  })
}
