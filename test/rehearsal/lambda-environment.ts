import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Credentials, FunctionDescription } from './control.ts'

export type Failure = { errorType: string; errorMessage: string; trace?: string[] }
export type Outcome = { payload: string; rss: number } | { failure: Failure; rss: number }
const exit = (how: string): Failure => ({ errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: ${how}` })
type Message = { ready?: true; initFailure?: Failure; id?: string; payload?: string; failure?: Failure; rss?: number }

/** One execution environment: a process that serves one event at a time and stands still in between. */
export type Environment = {
  /** Milliseconds that loading took. */
  initMs: number
  /** False once the process is gone: the next event needs another. */
  alive(): boolean
  run(payload: string): Promise<Outcome>
  /** Resolves when it is gone. */
  close(): Promise<void>
}

const INIT_MS = 10_000

const variables = (about: FunctionDescription, root: string, temp: string, endpoint: string, keys: Credentials) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: temp,
  TMPDIR: temp,
  TZ: ':UTC',
  LANG: 'en_US.UTF-8',
  LAMBDA_TASK_ROOT: root,
  _HANDLER: about.handler,
  AWS_REGION: about.region,
  AWS_DEFAULT_REGION: about.region,
  AWS_EXECUTION_ENV: `AWS_Lambda_${about.runtime}`,
  AWS_LAMBDA_FUNCTION_NAME: about.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(about.memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  AWS_SESSION_TOKEN: keys.sessionToken,
  AWS_ENDPOINT_URL: endpoint,
  ...about.environment,
})

export type Start = {
  about: FunctionDescription
  /** Where its code is unpacked. */
  root: string
  temp: string
  endpoint: string
  credentials: Credentials
  log(text: string): void
}

/** A cold start: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
export const startEnvironment = async ({ about, root, temp, endpoint, credentials, log }: Start): Promise<Environment> => {
  const home = join(temp, randomUUID())
  await mkdir(home, { recursive: true })
  const began = performance.now()
  const child: ChildProcess = fork(fileURLToPath(new URL('lambda-child.ts', import.meta.url)), [], {
    env: variables(about, root, home, endpoint, credentials),
    cwd: root,
    execArgv: [`--max-old-space-size=${about.memoryMb}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.stdout?.on('data', (chunk: Buffer) => log(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => log(chunk.toString()))
  let hear: (message: Message) => void = () => {}
  let gone = false
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.on('message', (message: Message) => hear(message))
  child.once('exit', (code, signal) => {
    gone = true
    hear({ id: 'gone', failure: exit(signal ?? `exit status ${code}`), rss: 0 })
  })
  const next = (within: number, late: Failure) =>
    new Promise<Message>((resolve) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        resolve({ failure: late, rss: 0 })
      }, within)
      hear = (message) => {
        clearTimeout(timer)
        resolve(message)
      }
    })
  const started = await next(INIT_MS, { errorType: 'Runtime.InitTimeout', errorMessage: 'Init took more than 10 seconds' })
  const broken = started.initFailure ?? started.failure
  // Between two events nothing of a function runs: what it left for later waits with it.
  child.kill(broken ? 'SIGKILL' : 'SIGSTOP')

  return {
    initMs: performance.now() - began,
    alive: () => !gone && !broken,
    async run(payload) {
      if (broken) return { failure: broken, rss: 0 }
      if (gone) return { failure: exit('before its event came'), rss: 0 }
      const id = randomUUID()
      const within = about.timeoutSeconds * 1000
      const late = {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${id} Error: Task timed out after ${about.timeoutSeconds}.00 seconds`,
      }
      const answered = next(within, late)
      child.kill('SIGCONT')
      // What cannot be sent is to a process that ends: its end is the answer.
      child.send({ id, payload, deadline: Date.now() + within, arn: about.arn }, () => {})
      const { payload: answer, failure, rss = 0 } = await answered
      if (!gone) child.kill('SIGSTOP')
      return failure ? { failure, rss } : { payload: answer ?? 'null', rss }
    },
    async close() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
