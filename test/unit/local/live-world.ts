import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import type { LogEvent } from '../../../core/contract/events.ts'
import type { ToViewer } from '../../../core/contract/frames.ts'
import { decodeRecords, encodeRecord } from '../../../core/contract/records.ts'
import type { Session } from '../../../core/contract/session.ts'
import { openSocketUpgrade } from '../../../local/http/socket-upgrade.ts'
import { LiveHub } from '../../../local/live/live-hub.ts'

export const ID = 's-7k3m9q2w4x'
const record = (more: Partial<Session> = {}): Session =>
  ({ id: ID, version: 1, state: 'running', attempts: [{ number: 1 }], ...more }) as Session

/** A hub behind a real server, its spool in a directory of its own. */
export const openLiveWorld = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'live-'))
  let session = record()
  const closed: string[] = []
  const typed: string[] = []
  let held = async (): Promise<void> => undefined
  const hub = new LiveHub({
    sessions: { get: async (id) => (id === ID ? session : undefined), list: async () => ({ sessions: [session] }) },
    sessionsDir: dir,
    runnerClosed: (id, attempt) => closed.push(`${id} ${attempt}`),
    typed: async (id, by, connection) => {
      typed.push(`${by} ${id} ${connection}`)
      await held()
    },
  })
  const sockets = openSocketUpgrade(hub)
  const server = createServer((_, answer) => answer.end())
  server.on('upgrade', sockets.upgrade)
  const path = join(dir, 's')
  server.listen(path)
  await once(server, 'listening')
  const log = (attempt: number) => join(dir, ID, 'log', String(attempt))
  const connect = (query: string, headers: Record<string, string> = {}) =>
    new WebSocket(`ws+unix:${path}:/v1/socket?${query}`, { headers })
  return {
    hub,
    sockets,
    closed,
    typed,
    /** Who types is noted when that resolves. */
    hold: (until: () => Promise<void>) => {
      held = until
    },
    connect,
    runner: async (attempt = 1) => {
      const socket = connect(`role=runner&session=${ID}&attempt=${attempt}`)
      const heard: unknown[] = []
      socket.on('message', (data) => heard.push(JSON.parse(String(data))))
      await once(socket, 'open')
      return { socket, heard, live: () => socket.send(JSON.stringify({ type: 'live', attempt, first: 1, last: 1 })) }
    },
    viewer: async (from = { attempt: 1, seq: 1 }) => {
      const socket = connect('role=viewer')
      await once(socket, 'open')
      const seen = collect(socket)
      socket.send(JSON.stringify({ type: 'attach', session: ID, from }))
      return { socket, ...seen }
    },
    write: (attempt: number, file: number, events: Uint8Array[]) => {
      mkdirSync(log(attempt), { recursive: true })
      appendFileSync(join(log(attempt), String(file).padStart(12, '0')), Buffer.concat(events))
    },
    seal: (attempt: number, sealed: { last: number; lost?: string }) =>
      writeFileSync(join(log(attempt), 'sealed.json'), JSON.stringify(sealed)),
    change: (more: Partial<Session>) => {
      session = { ...session, ...more, version: session.version + 1 }
      hub.changed(session)
    },
    close: () => {
      sockets.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** What a viewer has received: positions of events, and frames by type in their order. */
const collect = (socket: WebSocket) => {
  const events: (LogEvent & { attempt: number })[] = []
  const frames: ToViewer[] = []
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) {
      frames.push(JSON.parse(data.toString()) as ToViewer)
      return
    }
    const attempt = data.readUInt32BE(0)
    events.push(...decodeRecords(data.subarray(4)).events.map((event) => ({ ...event, attempt })))
  })
  const ended = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  return { events, frames, ended, positions: () => events.map(({ attempt, head }) => `${attempt}.${head.seq}`) }
}

export const output = (seq: number, text: string | Uint8Array = `line ${seq}\n`): Uint8Array =>
  encodeRecord(
    { seq, at: '2026-11-21T00:00:00.000Z', type: 'output', stream: 'stdout' },
    typeof text === 'string' ? Buffer.from(text) : text,
  )
