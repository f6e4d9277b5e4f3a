import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ErrorBody } from '../../../core/contract/error-body.ts'
import type { Session } from '../../../core/contract/session.ts'
import { type Paths, paths } from '../../../local/paths.ts'

const MAIN = new URL('../../../local/daemon-main.ts', import.meta.url).pathname

type Answer = { ready?: true; version?: string; pid?: number; socket?: string; error?: ErrorBody }
export type Started = { answer: Answer | undefined; pid: number; exited: Promise<number | null> }

/** A home of its own for a daemon, and what the CLI does with it. */
export const openDaemonWorld = (given: { home?: string; env?: Record<string, string> } = {}) => {
  const home = given.home ?? mkdtempSync(join(tmpdir(), 'daemon-'))
  const base = { PATH: process.env['PATH'] ?? '', HOME: home, REMOTE_HOME: join(home, 'r'), ...given.env }
  const places: Paths = paths(base)
  const pids = new Set<number>()

  const start = async (env: Record<string, string> = {}): Promise<Started> => {
    mkdirSync(dirname(places.daemonLog), { recursive: true, mode: 0o700 })
    const log = openSync(places.daemonLog, 'a', 0o600)
    const child = spawn(process.execPath, [MAIN], {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...base, ...env, REMOTE_HANDSHAKE_FD: '3' },
    })
    closeSync(log)
    const pid = child.pid ?? 0
    pids.add(pid)
    const exited = once(child, 'exit').then(([code]) => {
      pids.delete(pid)
      return code as number | null
    })
    let line = ''
    const pipe = child.stdio[3] as NodeJS.ReadableStream
    pipe.on('data', (chunk: Buffer) => {
      line += chunk.toString()
    })
    await once(pipe, 'end')
    return { answer: line === '' ? undefined : (JSON.parse(line) as Answer), pid, exited }
  }

  const call = <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: T }> =>
    new Promise((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body)
      const asked = request(
        {
          socketPath: places.socket,
          method,
          path,
          agent: false,
          headers: { ...(json ? { 'content-type': 'application/json' } : {}), 'x-remote-by': 'ada', ...headers },
        },
        (answer) => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk: string) => {
            text += chunk
          })
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text || 'null') as T }))
        },
      )
      asked.on('error', reject)
      asked.end(json)
    })
  const get = async (id: string) => (await call<Session>('GET', `/v1/sessions/${id}`)).body

  return {
    paths: places,
    start,
    call,
    get,
    dispatch: async (task: string, more: Record<string, unknown> = {}) =>
      (
        await call<Session>(
          'POST',
          '/v1/sessions',
          { task, agent: 'shell', sandbox: 'off', ...more },
          { 'idempotency-key': randomUUID() },
        )
      ).body,
    log: () => readFileSync(places.daemonLog, 'utf8'),
    /** Ends what was started here, by pid. */
    close: async () => {
      for (const pid of pids) process.kill(pid, 'SIGKILL')
    },
  }
}
