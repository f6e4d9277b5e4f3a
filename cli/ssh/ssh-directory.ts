import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { makeTemporary } from '../temporary-directory.ts'
import { runProgram } from './run-program.ts'
import type { Target } from './target.ts'

const KEYGEN_MS = 10_000

export type SshDirectory = { dir: string; key: string; knownHosts: string; publicKey: string }

/** How ssh calls the machine of a session. */
export const hostName = (session: string): string => `${session}.remote`

/** Both halves of the key are in a directory of their own, so that they come to their place together. */
export const keyIn = (dir: string): string => join(dir, 'id', 'key')
export const knownHostsIn = (dir: string): string => join(dir, 'known_hosts')

const noSsh = (cause: unknown) =>
  new RemoteError('not_supported', 'OpenSSH is not installed here: ssh-keygen is missing', {
    hint: 'install it, for example: sudo apt-get install openssh-client',
    cause,
  })

const makeKey = async (dir: string, env: NodeJS.ProcessEnv) => {
  const draft = mkdtempSync(join(dir, '.id-'))
  try {
    const ask = ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(draft, 'key')]
    const made = await runProgram('ssh-keygen', ask, { env, timeoutMs: KEYGEN_MS }).catch((error: unknown) => {
      throw noSsh(error)
    })
    if (made.code !== 0)
      throw new RemoteError('refused', `ssh-keygen made no key: ${made.stderr.trim().slice(0, 200)}`, {
        hint: 'see: remote doctor',
      })
    renameSync(draft, dirname(keyIn(dir)))
  } catch (error) {
    // Another connection to the same machine was quicker.
    if (!existsSync(keyIn(dir))) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** What ssh needs for one machine: a key, and the one host key that it may have. A key that is there already is used. */
export const fillDirectory = async (dir: string, name: string, target: Target, env: NodeJS.ProcessEnv): Promise<SshDirectory> => {
  const [key, knownHosts] = [keyIn(dir), knownHostsIn(dir)]
  if (!existsSync(key)) await makeKey(dir, env)
  const draft = `${knownHosts}.${process.pid}`
  writeFileSync(draft, `${name} ${target.hostKey}\n`, { mode: 0o600 })
  renameSync(draft, knownHosts)
  return { dir, key, knownHosts, publicKey: readFileSync(`${key}.pub`, 'utf8').trim() }
}

/** A directory of one connection's own, which nobody else can look into; gone when `use` is over, however it ends. */
export const withDirectory = async <T>(use: (dir: string) => Promise<T>): Promise<T> => {
  const dir = makeTemporary()
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
