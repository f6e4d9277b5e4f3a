import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { pathsOf } from '../connect.ts'
import type { Io } from '../io.ts'
import { makeDirectory } from '../make-directory.ts'
import { fillDirectory, type SshDirectory } from './ssh-directory.ts'
import type { Target } from './target.ts'

/** Longer than any tunnel lives. */
const UNUSED_MS = 24 * 3_600_000

/** Where ssh finds key and host key of each host that it was told of in its own settings: below, by the host's name. */
export const sharedRoot = (env: NodeJS.ProcessEnv): string => join(pathsOf(env).state, 'ssh')

const sweep = (root: string, kept: string) => {
  for (const name of readdirSync(root)) {
    const dir = join(root, name)
    const age = Date.now() - (statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (name !== kept && age > UNUSED_MS) rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * The directory of a host that ssh itself was told of. ssh reads the key's file when it likes, and several may at once: so the key is the
 * session's on this computer, and lets nobody in that has not just been given the right to push it.
 */
export const openShared = async (io: Pick<Io, 'env'>, host: string, target: Target): Promise<SshDirectory> => {
  if (!/^[a-z0-9-]{1,64}\.remote$/.test(host))
    throw new RemoteError('usage', `\`${host.slice(0, 60)}\` is no host of remote's`, {
      hint: 'for example: scp s-7k3.remote:work/report.txt .',
    })
  const root = sharedRoot(io.env)
  const dir = join(root, host)
  makeDirectory(root)
  makeDirectory(dir)
  sweep(root, host)
  const now = new Date()
  utimesSync(dir, now, now)
  return fillDirectory(dir, host, target, io.env)
}
