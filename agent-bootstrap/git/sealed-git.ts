import { spawn } from 'node:child_process'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { crossing } from '../failpoints.ts'
import { ownPath } from '../own-programs.ts'

export type SealedCall = {
  /** Always ours, never one that an agent could write to. */
  gitDir: string
  workTree?: string | undefined
  set?: Record<string, string> | undefined
  input?: Uint8Array | string | NodeJS.ReadableStream | undefined
  allow?: readonly number[] | undefined
  timeoutMs?: number | undefined
}
export type SealedAnswer = { code: number; stdout: Buffer; stderr: string }

/**
 * What git would run on behalf of a repository (hooks, monitors, filters, text converters, credential helpers, transports) comes from
 * configuration. Here it is our own directory's alone: the machine's and the person's are not read, and no transport is allowed.
 */
const sealed = ({ gitDir, workTree, set }: SealedCall): NodeJS.ProcessEnv => {
  const env: NodeJS.ProcessEnv = {
    PATH: ownPath(),
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_DIR: gitDir,
    ...set,
  }
  // The marker of the session's processes too: a git that outlives its runner must be found, and ended before the next attempt.
  for (const name of ['TMPDIR', 'DEVELOPER_DIR', 'SYSTEMROOT', 'REMOTE_SESSION', 'REMOTE_ATTEMPT'])
    if (process.env[name] !== undefined) env[name] = process.env[name]
  if (workTree !== undefined) env['GIT_WORK_TREE'] = workTree
  return env
}

const SAFE = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'gc.auto=0',
  'maintenance.auto=false',
]
const safeArgs = SAFE.flatMap((setting) => ['-c', setting])

/** Commands that change nothing: a crash during one is a crash before it. */
const LOOKS: ReadonlySet<string> = new Set([
  'status',
  'rev-parse',
  'rev-list',
  'cat-file',
  'diff',
  'ls-files',
  'ls-tree',
  'log',
  'for-each-ref',
])

/** Starts git; the caller has its streams. */
export const spawnSealed = (args: readonly string[], call: SealedCall) =>
  spawn('git', [...safeArgs, ...args], {
    cwd: call.workTree ?? call.gitDir,
    env: sealed(call),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: call.timeoutMs ?? 900_000,
    killSignal: 'SIGKILL',
  })

export const sealedGit = (args: readonly string[], call: SealedCall): Promise<SealedAnswer> =>
  new Promise((resolve, reject) => {
    const child = spawnSealed(args, call)
    const out: Buffer[] = []
    const err: Buffer[] = []
    const writes = !LOOKS.has(args[0] ?? '')
    if (writes) child.on('spawn', () => crossing(`during git ${args[0]}`))
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', (cause) =>
      reject(
        new RemoteError('repository', `git did not start on the machine: ${cause.message}`, { hint: 'install git there', cause }),
      ),
    )
    child.on('close', (code, signal) => {
      if (writes) crossing(`after git ${args[0]}`)
      const stderr = Buffer.concat(err).toString('utf8')
      if (code === 0 || (code !== null && call.allow?.includes(code)))
        return resolve({ code, stdout: Buffer.concat(out), stderr })
      const said = stderr.trim().split('\n').slice(-3).join('; ')
      reject(
        new RemoteError(
          'repository',
          `git ${args[0]} failed on the machine (${code ?? signal})${said === '' ? '' : `: ${said}`}`,
        ),
      )
    })
    child.stdin.on('error', () => child.stdin.destroy()) // git ended first: its exit code says why
    if (typeof call.input === 'object' && 'pipe' in call.input) {
      call.input.on('error', (error) => child.stdin.destroy(error))
      call.input.pipe(child.stdin)
    } else child.stdin.end(call.input)
  })

export const lineOf = (answer: SealedAnswer): string => answer.stdout.toString('utf8').trim()
