import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { connect } from '../../../cli/connect.ts'
import { followLog } from '../../../cli/follow/follow-log.ts'
import type { LogEvent } from '../../../core/contract/events.ts'
import type { ToViewer } from '../../../core/contract/frames.ts'
import type { Log } from '../../../core/contract/log.ts'
import { encodeRecord } from '../../../core/contract/records.ts'
import type { Session } from '../../../core/contract/session.ts'

const ID = 's-0000000000'
const event = (seq: number): LogEvent => ({
  head: { seq, at: '', type: 'output', stream: 'stdout' },
  bytes: new TextEncoder().encode(`${seq};`),
})
const recordsOf = (first: number, last: number) =>
  Buffer.concat(
    Array.from({ length: last - first + 1 }, (_, n) => event(first + n)).map(({ head, bytes }) => encodeRecord(head, bytes)),
  )

/** What a connection does: live frames of any ranges, then it breaks; the last one ends the session. */
type Range = { first: number; length: number }
type Story = { lasts: number[]; connections: { ahead: number; ranges: Range[] }[] }

/** A control plane whose live path drops, doubles and reorders as it likes; its segments are the truth. */
const openPlane = (socketPath: string, { lasts, connections }: Story) => {
  const session = {
    id: ID,
    state: 'ended',
    attempts: lasts.map((lastSeq, n) => ({ number: n + 1, lastSeq })),
  } as unknown as Session
  let connected = 0
  const logFrom = (attempt: number): Log => {
    const attempts = lasts.map((last, n) => ({
      attempt: n + 1,
      last,
      sealed: true,
      segments: last === 0 ? [] : [{ url: `/segments/${n + 1}`, first: 1, last, bytes: 1 }],
    }))
    return { attempts: attempts.filter((one) => one.attempt >= attempt), open: false }
  }
  const server = createServer(({ url = '' }, answer) => {
    const segment = /^\/segments\/(\d+)$/.exec(url)?.[1]
    const from = /from=(\d+)\./.exec(url)?.[1]
    answer.end(segment ? recordsOf(1, lasts[Number(segment) - 1] ?? 0) : JSON.stringify(logFrom(Number(from))))
  })
  const say = (socket: WebSocket, frame: ToViewer) => socket.send(JSON.stringify(frame))
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => {
    socket.once('message', (data) => {
      const { from } = JSON.parse(String(data)) as { from: { attempt: number; seq: number } }
      const plan = connections[connected++]
      const last = lasts[from.attempt - 1] ?? 0
      say(socket, { type: 'attached', live: { attempt: from.attempt, seq: from.seq + (plan?.ahead ?? 0) }, session })
      for (const { first, length } of plan?.ranges ?? []) {
        const end = Math.min(last, first + length)
        if (first > end) continue
        if (length % 2 === 0) socket.send(Buffer.concat([Buffer.from([0, 0, 0, from.attempt]), recordsOf(first, end)]))
        else
          say(socket, {
            type: 'live',
            attempt: from.attempt,
            first,
            last: end,
            records: recordsOf(first, end).toString('base64'),
          })
      }
      if (plan) return socket.close()
      say(socket, { type: 'complete', session })
      socket.close()
    })
  })
  return {
    ready: new Promise<void>((resolve) => server.listen(socketPath, resolve)),
    close: () => {
      sockets.close()
      server.close()
    },
  }
}

const range = fc.record({ first: fc.integer({ min: 1, max: 20 }), length: fc.nat(6) })
const stories: fc.Arbitrary<Story> = fc.record({
  lasts: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
  connections: fc.array(fc.record({ ahead: fc.nat(3), ranges: fc.array(range, { maxLength: 8 }) }), { maxLength: 3 }),
})

it('whatever the live path drops, doubles and reorders, each event is given once and in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'follow-'))
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const env = { REMOTE_HOME: join(dir, String(run++)) }
        const connection = connect({ env, stderr: process.stderr }, { quiet: true })
        mkdirSync(connection.paths.run, { recursive: true })
        const plane = openPlane(connection.paths.socket, story)
        await plane.ready
        const given: string[] = []
        const ended = await followLog({
          connection: { ...connection, wake: async () => undefined },
          session: ID,
          from: { attempt: 1, seq: 1 },
          give: async ({ events }) => void given.push(...events.map(({ attempt, head }) => `${attempt}.${head.seq}`)),
          changed: () => undefined,
          signal: AbortSignal.timeout(20_000),
        }).finally(plane.close)
        expect(ended.id).toBe(ID)
        expect(given).toEqual(story.lasts.flatMap((last, n) => Array.from({ length: last }, (_, seq) => `${n + 1}.${seq + 1}`)))
      }),
      { numRuns: 60 },
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

it('a session whose end was lost on its way from afar is asked after, with all that it said', async () => {
  const ended = { id: ID, state: 'ended', attempts: [{ number: 1, lastSeq: 3 }] } as unknown as Session
  const running = { ...ended, state: 'running', attempts: [{ number: 1 }] } as unknown as Session
  let looks = 0
  const log: Log = {
    attempts: [{ attempt: 1, last: 3, sealed: true, segments: [{ url: '/s', first: 1, last: 3, bytes: 1 }] }],
    open: false,
  }
  const never = new Promise<IteratorResult<never>>(() => undefined)
  const attached = { text: JSON.stringify({ type: 'attached', live: { attempt: 1, seq: 1 }, session: running }) }
  const coming = [attached]
  const messages = {
    [Symbol.asyncIterator]: () => ({
      next: () => (coming.length > 0 ? Promise.resolve({ value: coming.shift(), done: false }) : never),
    }),
  }
  const connection = {
    isNear: false,
    wake: async () => undefined,
    openSocket: async () => ({ messages, send: () => undefined, close: () => undefined }),
    get: async (path: string) => (path.endsWith('/log') ? log : ++looks < 3 ? running : ended),
    bytes: async () => recordsOf(1, 3),
  } as unknown as Parameters<typeof followLog>[0]['connection']
  const seen: number[] = []
  const session = await followLog({
    connection,
    session: ID,
    from: { attempt: 1, seq: 1 },
    give: async ({ events }) => void seen.push(...events.map(({ head }) => head.seq)),
    changed: () => undefined,
    signal: new AbortController().signal,
    quietMs: 5,
  })
  expect({ state: session.state, seen, looks }).toEqual({ state: 'ended', seen: [1, 2, 3], looks: 3 })
})

it('a viewer that is cut off from afar comes back after pauses of pure chance, one draw for each', async () => {
  const TRIES = 12
  let tries = 0
  let drawn = 0
  const connection = {
    isNear: false,
    wake: async () => undefined,
    openSocket: async () => {
      tries++
      if (tries <= TRIES) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
      throw new Error('enough')
    },
  } as unknown as Parameters<typeof followLog>[0]['connection']
  const began = performance.now()
  const following = followLog({
    connection,
    session: ID,
    from: { attempt: 1, seq: 1 },
    give: async () => undefined,
    changed: () => undefined,
    signal: new AbortController().signal,
    random: () => {
      drawn++
      return 0
    },
  })
  await expect(following).rejects.toThrow('enough')
  expect([tries, drawn]).toEqual([TRIES + 1, TRIES])
  expect(performance.now() - began).toBeLessThan(20_000) // with half of each pause fixed: a minute
})
