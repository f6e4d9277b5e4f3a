import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { until } from '../test/support/world-processes.ts'

const SSHD = '/usr/sbin/sshd'

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

export type PrivateSshd = { ssh: string[]; stop(): void }

/** An sshd with keys of its own on a loopback port; undefined where sshd is not installed. */
export const openPrivateSshd = async (dir: string): Promise<PrivateSshd | undefined> => {
  if (!existsSync(SSHD)) return undefined
  mkdirSync(dir, { mode: 0o700 })
  const at = (name: string) => join(dir, name)
  for (const key of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)])
  writeFileSync(at('authorized'), readFileSync(at('user.pub')), { mode: 0o600 })
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  const options = [
    'StrictModes=no',
    'UsePAM=no',
    'PidFile=none',
    'PermitRootLogin=prohibit-password',
    `AuthorizedKeysFile=${at('authorized')}`,
  ]
  const listen = ['-D', '-e', '-f', '/dev/null', '-p', String(port), '-h', at('host'), '-o', 'ListenAddress=127.0.0.1']
  const server = spawn(SSHD, [...listen, ...options.flatMap((option) => ['-o', option])], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', (chunk) => {
    said += chunk
  })
  await until('sshd listens', () => (said.includes('listening') ? true : undefined), 10)
  const client = [
    '-F',
    '/dev/null',
    '-i',
    at('user'),
    '-p',
    String(port),
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
  ]
  return { ssh: ['ssh', ...client, '-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes', '127.0.0.1'], stop: () => server.kill() }
}
