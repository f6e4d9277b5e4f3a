import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogEvent } from '../../core/contract/events.ts'
import { decodeRecords } from '../../core/contract/records.ts'
import type { FakeControlPlane } from './fake-control-plane.ts'

export const RUNNER = new URL('../../agent-bootstrap/main.ts', import.meta.url).pathname

export type RunnerProcess = { child: ChildProcess; exit: Promise<number | NodeJS.Signals>; stderr: () => string }

/** A real runner against a control plane. Its session's directory is `<plane.dir>/session`. */
export const startRunner = (plane: FakeControlPlane, env: Record<string, string> = {}, more: string[] = []): RunnerProcess => {
  const { session, attempt } = plane.spec
  const own = { '--session': session, '--attempt': String(attempt), '--endpoint': plane.endpoint }
  const dirs = { '--dir': sessionDir(plane), '--cache': join(plane.dir, 'cache'), '--data': join(plane.dir, 'data') }
  const args = Object.entries({ ...own, ...dirs }).flat()
  const child = spawn(process.execPath, [RUNNER, ...args, ...more], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: plane.dir, ...env },
    detached: true,
  })
  let said = ''
  child.stderr?.on('data', (bytes) => {
    said += String(bytes)
  })
  const exit = new Promise<number | NodeJS.Signals>((resolve) =>
    child.on('exit', (code, signal) => resolve(code ?? signal ?? -1)),
  )
  return { child, exit, stderr: () => said }
}

export const sessionDir = (plane: FakeControlPlane) => join(plane.dir, 'session')

/** The spool of an attempt. */
export const readLog = async (plane: FakeControlPlane, attempt = plane.spec.attempt): Promise<LogEvent[]> => {
  const dir = join(sessionDir(plane), 'log', String(attempt))
  const names = (await readdir(dir)).filter((name) => /^\d{12}$/.test(name)).sort()
  const files = await Promise.all(names.map((name) => readFile(join(dir, name))))
  return files.flatMap((file) => decodeRecords(file).events)
}

export const outputOf = (events: readonly LogEvent[], stream: 'stdout' | 'stderr'): Buffer =>
  Buffer.concat(events.flatMap(({ head, bytes }) => (head.type === 'output' && head.stream === stream && bytes ? [bytes] : [])))
