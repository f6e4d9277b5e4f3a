import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Sandbox } from '../../agent-bootstrap/sandbox.ts'

export type Ran = { stdout: Buffer; stderr: Buffer; code: number | null; signal: string | null }

/** Not below /tmp: that is hidden as a whole, and would hide what the tests want to see hidden for its own sake. */
const OURS = join(import.meta.dirname, '../../node_modules/.cache')
/** Root also tests as an ordinary user, who may enter only here; others test where they may write. */
const CACHE = process.geteuid?.() === 0 ? '/var/cache' : /^(\/var)?\/tmp\//.test(OURS) ? join(homedir(), '.cache') : OURS
export let root: string
export const at = (...parts: string[]) => join(root, ...parts)
export const places = () => ({
  sessionDir: at('data/sessions/s-1'),
  workDir: at('data/sessions/s-1/work'),
  privateDir: at('data/sessions/s-1/agent'),
  cacheDir: at('cache'),
  repository: 'r',
  dataDir: at('data'),
  socket: at('run/remote.sock'),
  home: at('home'),
})

const plant = async (path: string, text: string) => {
  await mkdir(dirname(at(path)), { recursive: true })
  await writeFile(at(path), text)
}

export const start = async (sandbox: Sandbox, command: string, args: string[], env: Record<string, string> = {}) => {
  const confined = await sandbox.confine(command, args, { PATH: process.env['PATH'] ?? '', HOME: at('home'), ...env })
  return spawn(confined.command, confined.args, { cwd: places().workDir, env: confined.env, stdio: 'pipe' })
}

export const run = async (
  sandbox: Sandbox,
  command: string,
  args: string[],
  more: { env?: Record<string, string>; input?: Buffer } = {},
): Promise<Ran> => {
  const child = await start(sandbox, command, args, more.env)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes))
  child.stdin.end(more.input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), code, signal }))
  })
}
export const sh = (sandbox: Sandbox, script: string) => run(sandbox, '/bin/sh', ['-c', script])

/** A machine's directories with something to steal in each. */
export const plantWorld = async () => {
  await mkdir(CACHE, { recursive: true })
  root = await mkdtemp(join(CACHE, 'sandbox-'))
  await plant('home/.ssh/id_ed25519', 'PRIVATE KEY')
  await plant('home/.aws/credentials', 'aws_secret_access_key')
  await plant('home/.mozilla/firefox/logins.json', 'browser')
  await plant('home/.local/share/keyrings/login.keyring', 'keyring')
  for (const name of ['.npmrc', '.pypirc', '.m2/settings.xml', '.gem/credentials', '.cargo/credentials', '.Xauthority'])
    await plant(`home/${name}`, 'login')
  for (const name of ['.config/containers/auth.json', '.ICEauthority']) await plant(`home/${name}`, 'login')
  await plant('home/.gitconfig', '[user]\n  name = Readable\n')
  await plant('data/remote.db', 'records')
  await plant('data/secrets.json', 'secrets')
  await plant('data/sessions/s-2/work/other.txt', 'other session')
  await plant('data/sessions/s-1/work/mine.txt', 'mine')
  await plant('data/sessions/s-1/log/1/000000000001', 'spool')
  await plant('data/agents/some-agent/bin', 'agent')
  await plant('cache/repositories/r.git/HEAD', 'alternate')
  await plant('cache/repositories/another.git/HEAD', 'alternate')
  await plant('state/daemon.log', 'log')
  await plant('run/other', 'x')
}

export const removeWorld = () => rm(root, { recursive: true, force: true })
