import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type ClientConnection,
  client,
  methods,
  ndJsonStream,
  RequestError,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'
import type { DriverContext } from './driver.ts'
import type { AgentProgram } from './install-agent.ts'

const MAX_WORDS = 4000
const STACK_FRAME = /^\s+at \S.*[)\d]( \{)?$/
const DYING_MS = 1000
/** Tool output travels in one message; an agent may send all of a large file. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024

export type AcpProcessOptions = Pick<DriverContext, 'confine' | 'cwd'> & {
  program: AgentProgram
  env: Record<string, string>
  onUpdate(sessionId: string, update: SessionUpdate): void
  onPermission(request: RequestPermissionRequest): Promise<RequestPermissionResponse>
  /** Resolves when more of what the agent tells can be taken. */
  room(): Promise<void>
}

/** One process of an agent and the connection to it. */
export type AcpProcess = {
  agent: ClientConnection['agent']
  /** Resolves, never rejects, with how the process ended. */
  ended: Promise<string>
  hasEnded(): boolean
  /** Is that error of a request the process's end, rather than its answer? */
  diedOf(error: unknown): Promise<boolean>
  /** The end of what it wrote to stderr: where agents explain why they die. */
  lastWords(): string
  /** Closes its input, upon which an ACP agent ends by itself. */
  close(): void
  /** The process and what it started, as far as that stayed in its group. May be repeated. */
  kill(): void
}

export const startAcpProcess = async (options: AcpProcessOptions): Promise<AcpProcess> => {
  const { program, cwd, room } = options
  const confined = await options.confine(program.command, program.args, options.env)
  // A group of its own: a Ctrl-C at the terminal that started the daemon must not reach it.
  const child = spawn(confined.command, confined.args, {
    cwd,
    env: confined.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let words = ''
  let how: string | undefined
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const all = words + text
    // At the start of a line: half a secret could not be recognised any more.
    words = all.length <= MAX_WORDS ? all : all.slice(-MAX_WORDS).replace(/^[^\n]*\n?/, '')
  })
  // Writing to an agent that just died fails; that it died is what `ended` tells.
  child.stdin.on('error', () => undefined)
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  }).then((text) => {
    how = text
    return text
  })

  const read = async function* (): AsyncGenerator<Uint8Array> {
    for await (const bytes of child.stdout) {
      await room()
      yield bytes
    }
  }
  const app = client({ name: 'remote' })
    .onNotification(methods.client.session.update, ({ params }) => options.onUpdate(params.sessionId, params.update))
    .onRequest(methods.client.session.requestPermission, ({ params }) => options.onPermission(params))
    // Extensions of agents that we do not take part in.
    .onNotification('*', () => undefined)
  const connection = app.connect(
    ndJsonStream(Writable.toWeb(child.stdin), ReadableStream.from(read()), { maxMessageBytes: MAX_MESSAGE_BYTES }),
  )
  void ended.then(() => connection.close(new Error('the agent ended')))
  if (child.pid === undefined) await once(child, 'error').catch(() => undefined)

  return {
    agent: connection.agent,
    ended,
    hasEnded: () => how !== undefined,
    diedOf: async (error) => {
      if (error instanceof RequestError) return how !== undefined
      // Its pipes close a moment before it is known to be dead.
      await Promise.race([ended, delay(DYING_MS)])
      return how !== undefined
    },
    // Where in its code it died fills them, and what it died of stands before that.
    lastWords: () =>
      words
        .trim()
        .split('\n')
        .filter((line) => !STACK_FRAME.test(line))
        .slice(-12)
        .join('\n'),
    close: () => child.stdin.end(),
    kill: () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // ESRCH: nothing of it is left
      }
    },
  }
}
