import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { RemoteError } from '../../core/contract/remote-error.ts'

export type GitCall = {
  cwd: string
  env?: NodeJS.ProcessEnv | undefined
  /** Further variables, stronger than `env`. */
  set?: Record<string, string> | undefined
  input?: Uint8Array | string | NodeJS.ReadableStream | undefined
  /** Exit codes that are answers, not failures. */
  allow?: readonly number[] | undefined
  timeoutMs?: number | undefined
}
export type GitAnswer = { code: number; stdout: Buffer; stderr: string }

/** What a surrounding git (a hook, an alias) sets would point our commands at its own repository. */
const OF_ANOTHER_GIT = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_COMMON_DIR', 'GIT_PREFIX', 'GIT_OBJECT_DIRECTORY', 'GIT_NAMESPACE'],
  ...['GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_SHALLOW_FILE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_INTERNAL_SUPER_PREFIX'],
  ...['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS', 'GIT_QUARANTINE_PATH'],
]

/** The user's repository is only read: no hook, no monitor, no lock, no network, real objects instead of replacements. */
const QUIET = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'core.safecrlf=false', 'gc.auto=0', 'maintenance.auto=false']
const READING = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  LC_ALL: 'C',
}

export const quietArgs = (args: readonly string[]): string[] => [...QUIET.flatMap((setting) => ['-c', setting]), ...args]

export const withoutOtherGit = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const own = { ...env }
  for (const name of OF_ANOTHER_GIT) delete own[name]
  return own
}

export const gitEnvironment = (env: NodeJS.ProcessEnv = process.env, set: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  ...withoutOtherGit(env),
  ...READING,
  ...set,
})

/** Runs one git command to its end. Anything but 0 and the allowed codes is a `repository` error with what git said. */
export const git = (args: readonly string[], call: GitCall): Promise<GitAnswer> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', quietArgs(args), {
      cwd: call.cwd,
      env: gitEnvironment(call.env, call.set),
      stdio: [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: call.timeoutMs ?? 300_000,
      killSignal: 'SIGKILL',
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', (cause) => reject(cannotStart(cause, call.cwd)))
    child.on('close', (code, signal) => {
      const stderr = Buffer.concat(err).toString('utf8')
      if (code === 0 || (code !== null && call.allow?.includes(code)))
        return resolve({ code, stdout: Buffer.concat(out), stderr })
      reject(gitFailed(args, code ?? signal ?? 'unknown', stderr))
    })
    // EPIPE: git ended before reading everything; its exit code says why.
    child.stdin?.on('error', () => child.stdin?.destroy())
    feed(child.stdin, call.input)
  })

const feed = (stdin: NodeJS.WritableStream | null, input: GitCall['input']): void => {
  if (stdin === null) return
  if (typeof input !== 'object' || !('pipe' in input)) return void (input === undefined ? stdin.end() : stdin.end(input))
  input.on('error', () => stdin.end()) // git then misses the rest, and says so
  input.pipe(stdin)
}

/** A directory that is not there looks to `spawn` like a program that is not there. */
const cannotStart = (cause: NodeJS.ErrnoException, cwd: string): RemoteError => {
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    return new RemoteError('repository', `there is no directory ${cwd}`, {
      hint: 'go to a repository, or name one with --repo PATH',
      cause,
    })
  return cause.code === 'ENOENT'
    ? new RemoteError('repository', 'git did not start: there is no `git` on PATH', {
        hint: 'install git, or pass --no-repo',
        cause,
      })
    : new RemoteError('repository', `git did not start: ${cause.message}`, { hint: 'see what is wrong: remote doctor', cause })
}

const verbOf = (args: readonly string[]): string => args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? 'command'

export const gitFailed = (args: readonly string[], code: number | string, stderr: string): RemoteError => {
  const said = stderr.trim().split('\n').slice(-3).join('; ')
  const missing = /promisor remote|could not fetch|transport '\w+' not allowed/.test(stderr)
  if (missing) {
    return new RemoteError('repository', 'this is a partial clone, and objects that the session needs are not here', {
      hint: 'check out all files once (git sparse-checkout disable), or let remote clone it: --repo URL',
    })
  }
  return new RemoteError('repository', `git ${verbOf(args)} failed (${code})${said === '' ? '' : `: ${said}`}`, {
    hint: 'run `git status` and `git fsck` there to see what is wrong with the repository',
  })
}
