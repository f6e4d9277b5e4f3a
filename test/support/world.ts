import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { decodeRecords } from '../../core/contract/records.ts'
import type { Session } from '../../core/contract/session.ts'
import { type Paths, paths } from '../../local/paths.ts'
import { killQuietly, processesOf, until } from './world-processes.ts'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
/** Kept from test to test, as long as the build: it is code, not state. */
const compiled = join(dist, '.compile')
/** How long after its end a session's last process may take to go. */
const LEFT_MS = 5000
const node24 = dirname(process.execPath)

export type CliResult = { code: number | null; stdout: Buffer; stderr: string; out: string }
export type Answer<T = unknown> = { status: number; body: T }

const collect = async (stream: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A machine of its own for one test: home, state, daemon, repositories; and what was started in it ends with it. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'remote-world-'))
  readonly home = join(this.dir, 'home')
  readonly env: Record<string, string>
  readonly paths: Paths
  #repositories = 0
  #daemon: ChildProcess | undefined

  constructor(more: Record<string, string> = {}) {
    mkdirSync(this.home)
    writeFileSync(
      join(this.home, '.gitconfig'),
      '[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n',
    )
    this.env = {
      PATH: `${node24}:${process.env['PATH'] ?? ''}`,
      HOME: this.home,
      REMOTE_HOME: join(this.dir, 'remote'),
      NODE_COMPILE_CACHE: compiled,
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      ...more,
    }
    this.paths = paths(this.env)
  }

  /** The built program as a process of its own; `stdin` is closed after what it is given. */
  start(args: string[], options: { cwd?: string; env?: Record<string, string>; stdin?: string | Buffer } = {}): ChildProcess {
    const child = spawn(process.execPath, [join(dist, 'remote.cjs'), ...args], {
      cwd: options.cwd ?? this.home,
      env: { ...this.env, ...options.env },
      stdio: 'pipe',
    })
    child.stdin?.on('error', () => undefined) // it need not read what it is given
    child.stdin?.end(options.stdin)
    return child
  }

  async cli(
    args: string[],
    options: { cwd?: string; env?: Record<string, string>; stdin?: string | Buffer } = {},
  ): Promise<CliResult> {
    const child = this.start(args, options)
    const closed = once(child, 'close')
    const [stdout, stderr] = await Promise.all([collect(child.stdout as Readable), collect(child.stderr as Readable)])
    const [code] = (await closed) as [number | null]
    return { code, stdout, stderr: stderr.toString(), out: stdout.toString() }
  }

  /** Starts the daemon as the CLI does, and waits for its word. */
  async startDaemon(
    env: Record<string, string> = {},
  ): Promise<{ ready?: boolean; pid?: number; error?: { code: string; message: string } }> {
    mkdirSync(this.paths.state, { recursive: true, mode: 0o700 })
    const log = openSync(this.paths.daemonLog, 'a', 0o600)
    const child = spawn(process.execPath, [join(dist, 'daemon.js')], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...this.env, REMOTE_HANDSHAKE_FD: '3', ...env },
    })
    closeSync(log)
    child.unref()
    this.#daemon = child
    const line = (await collect(child.stdio[3] as Readable)).toString()
    return line === '' ? {} : JSON.parse(line)
  }

  /** One call to the daemon's API. Rejects when nobody answers. */
  api<T = unknown>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const sent = request(
        {
          socketPath: this.paths.socket,
          method,
          path: `/v1${path}`,
          agent: false,
          headers: { 'x-remote-by': 'ada', ...(text ? { 'content-type': 'application/json' } : {}), ...headers },
        },
        (answer) => {
          collect(answer).then((bytes) => {
            const answered = bytes.toString()
            resolve({ status: answer.statusCode ?? 0, body: (answered === '' ? undefined : JSON.parse(answered)) as T })
          }, reject)
        },
      )
      sent.on('error', reject)
      sent.end(text)
    })
  }

  /** Dispatches a shell command without a repository through the API. */
  async shell(task: string, more: Record<string, unknown> = {}, key = ''): Promise<Session> {
    const body = { task, agent: 'shell', env: { PATH: this.env['PATH'], HOME: this.home }, ...more }
    const { status, body: session } = await this.api<Session>('POST', '/sessions', body, key ? { 'idempotency-key': key } : {})
    if (status >= 300) throw new Error(`dispatch was answered with ${status}: ${JSON.stringify(session)}`)
    return session
  }

  async session(id: string): Promise<Session> {
    return (await this.api<Session>('GET', `/sessions/${id}`)).body
  }

  /** The session's record once it has ended. */
  ended(id: string, seconds = 60): Promise<Session> {
    return until(
      `${id} has ended`,
      async () => {
        const session = await this.session(id).catch(() => undefined)
        return session?.state === 'ended' ? session : undefined
      },
      seconds,
    )
  }

  /** What a session's command wrote, as it lies in the spool; secrets are hidden in it. */
  output(id: string, stream: 'stdout' | 'stderr' = 'stdout'): Buffer {
    const log = join(this.paths.sessions, id, 'log')
    const attempts = existsSync(log) ? readdirSync(log).sort((a, b) => Number(a) - Number(b)) : []
    const files = attempts.flatMap((attempt) =>
      readdirSync(join(log, attempt))
        .filter((name) => /^\d{12}$/.test(name))
        .sort()
        .map((name) => join(log, attempt, name)),
    )
    const events = files.flatMap((file) => decodeRecords(readFileSync(file)).events)
    return Buffer.concat(
      events.flatMap(({ head, bytes }) => (head.type === 'output' && head.stream === stream && bytes ? [bytes] : [])),
    )
  }

  /** Has the daemon that was started last ended? Costs nothing to ask. */
  hasDaemonEnded(): boolean {
    return this.#daemon?.exitCode !== null || this.#daemon.signalCode !== null
  }

  daemonPid(): number | undefined {
    if (!existsSync(this.paths.lock)) return undefined
    return processesOf(this.dir).find(({ line }) => line.includes('daemon.js'))?.pid
  }

  async killDaemon(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pid = this.daemonPid()
    if (pid === undefined) return
    killQuietly(pid, signal)
    await until('the daemon is gone', () => (processesOf(this.dir).some((row) => row.pid === pid) ? undefined : true))
  }

  /** Processes of runners, and of whatever they started. */
  running(): { pid: number; line: string }[] {
    return processesOf(this.dir).filter(({ line }) => !line.includes('daemon.js') && !line.includes('remote.cjs'))
  }

  runnerPids(session = ''): number[] {
    return processesOf(this.dir)
      .filter(({ line }) => line.includes('runner.js') && line.includes(`--session ${session}`))
      .map(({ pid }) => pid)
  }

  git(cwd: string, ...args: string[]): string {
    return execFileSync('git', args, { cwd, env: this.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** A repository with one commit of these files. */
  repository(files: Record<string, string> = { 'readme.md': 'hello\n' }): string {
    const dir = join(this.dir, `repository-${++this.#repositories}`)
    mkdirSync(dir)
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), content)
    }
    this.git(dir, 'init', '-q')
    this.git(dir, 'add', '-A')
    this.git(dir, 'commit', '-qm', 'first')
    return dir
  }

  file(...path: string[]): string {
    return readFileSync(join(this.dir, ...path), 'utf8')
  }

  /** What belongs to a session that has ended: a moment later there may be nothing. */
  async #leftBehind(): Promise<string[]> {
    const marked = () => processesOf(this.dir).filter(({ session }) => session !== undefined)
    if (this.daemonPid() === undefined || marked().length === 0) return []
    const asked = await this.api<{ sessions: Session[] }>('GET', '/sessions?limit=500').catch(() => undefined)
    if (asked === undefined) return [] // it cannot be said which have ended
    const active = new Set(asked.body.sessions.map(({ id }) => id))
    const behind = () => marked().filter(({ session = '' }) => !active.has(session))
    const deadline = performance.now() + LEFT_MS
    while (behind().length > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
    return behind().map(({ pid, line }) => `${pid} ${line}`)
  }

  /** Ends everything; throws when something of an ended session still ran. */
  async close(): Promise<void> {
    const behind = await this.#leftBehind()
    const pid = this.daemonPid()
    if (pid !== undefined) await this.killDaemon('SIGTERM')
    for (const left of processesOf(this.dir)) killQuietly(left.pid, 'SIGKILL')
    await until('every process of the world is gone', () => (processesOf(this.dir).length === 0 ? true : undefined))
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 })
    if (behind.length > 0) throw new Error(`left behind by sessions that have ended:\n${behind.join('\n')}`)
  }
}
