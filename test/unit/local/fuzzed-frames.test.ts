import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { ID, openLiveWorld, output } from './live-world.ts'

const world = await openLiveWorld()
afterAll(() => world.close())
const roles = ['role=viewer', `role=runner&session=${ID}&attempt=1`]

const frame = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.uint8Array({ maxLength: 300 }),
  fc.record({
    type: fc.constantFrom('attach', 'watch-all', 'live', 'bell', '__proto__', ''),
    session: fc.oneof(fc.constant(ID), fc.string()),
    from: fc.oneof(fc.record({ attempt: fc.integer(), seq: fc.integer() }), fc.anything({ maxDepth: 1 })),
    attempt: fc.oneof(fc.integer(), fc.string()),
    first: fc.double(),
    last: fc.oneof(fc.integer(), fc.constant(null)),
  }),
)
const text = (value: unknown): string | Uint8Array =>
  typeof value === 'string' || value instanceof Uint8Array
    ? value
    : JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? 0 : part))

/** Somebody who behaves is still served. */
const expectService = async () => {
  const viewer = await world.viewer()
  await expect.poll(viewer.positions).toEqual(['1.1'])
  viewer.socket.terminate()
}

it('whatever frames say, a connection is closed with a reason or goes on, and others are served', async () => {
  world.write(1, 1, [output(1)])
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...roles), fc.array(frame, { minLength: 1, maxLength: 40 }), async (role, frames) => {
      const socket = world.connect(role)
      const ended = once(socket, 'close') as Promise<[number, Buffer]>
      await once(socket, 'open')
      for (const each of frames) socket.send(text(each))
      socket.close(1000)
      const [code, reason] = await ended
      // 1005: closed by us without a reason of theirs.
      if (![1000, 1005].includes(code)) expect(reason.toString()).not.toBe('')
      expect(reason.toString()).not.toMatch(/ at |node:|\.ts/)
    }),
    { numRuns: 600 },
  )
  await expectService()
}, 120_000)

it('bytes that are no frames end their connection alone', async () => {
  const { url } = world.connect('role=viewer').on('error', () => undefined)
  const path = /ws\+unix:(.*):\/v1/.exec(url)?.[1] ?? ''
  for (let time = 0; time < 30; time += 1) {
    const socket = connect(path)
    socket.on('error', () => undefined)
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET /v1/socket?role=viewer HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
    )
    await once(socket, 'data')
    socket.write(randomBytes(200))
    socket.resume()
    socket.end()
    await once(socket, 'close')
  }
  await expectService()
}, 60_000)
