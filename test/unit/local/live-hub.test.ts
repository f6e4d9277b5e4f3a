import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ID, openLiveWorld, output } from './live-world.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const held = () => {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

let world: Awaited<ReturnType<typeof openLiveWorld>>
beforeEach(async () => {
  world = await openLiveWorld()
})
afterEach(() => world.close())

it('a viewer of an ended session gets everything from its position on, attempt by attempt, and then the end', async () => {
  world.write(1, 1, [output(1), output(2)])
  world.write(1, 3, [output(3)])
  world.seal(1, { last: 3, lost: 'the machine is gone' })
  world.write(2, 1, [output(1)])
  world.seal(2, { last: 1 })
  world.change({ state: 'ended', attempts: [{ number: 1 }, { number: 2 }] })
  const viewer = await world.viewer({ attempt: 1, seq: 2 })
  expect(await viewer.ended).toMatchObject({ code: 1000 })
  expect(viewer.positions()).toEqual(['1.2', '1.3', '2.1'])
  expect(viewer.frames).toMatchObject([
    { type: 'attached', live: { attempt: 1, seq: 2 } },
    { type: 'sealed', attempt: 1, last: 3, lost: 'the machine is gone' },
    { type: 'sealed', attempt: 2, last: 1 },
    { type: 'complete' },
  ])
})

it('what the runner writes reaches the viewer when the runner says so, whole records only', async () => {
  const runner = await world.runner()
  const viewer = await world.viewer()
  const torn = output(3, 'torn')
  world.write(1, 1, [output(1), output(2), torn.subarray(0, 10)])
  runner.live()
  await expect.poll(viewer.positions).toEqual(['1.1', '1.2'])
  world.write(1, 1, [torn.subarray(10)])
  world.write(1, 4, [output(4)])
  runner.live()
  await expect.poll(viewer.positions).toEqual(['1.1', '1.2', '1.3', '1.4'])
})

it('a position of zero is the start, and one beyond the end waits for what comes', async () => {
  world.write(1, 1, [output(1)])
  const start = await world.viewer({ attempt: 1, seq: 0 })
  const ahead = await world.viewer({ attempt: 2, seq: 1 })
  await expect.poll(start.positions).toEqual(['1.1'])
  world.seal(1, { last: 1 })
  world.write(2, 1, [output(1)])
  world.change({ attempts: [{ number: 1 }, { number: 2 }] })
  await expect.poll(ahead.positions).toEqual(['2.1'])
  await expect.poll(start.positions).toEqual(['1.1', '2.1'])
})

it('a record longer than a frame arrives whole', async () => {
  const big = Buffer.alloc(1_500_000, 7)
  world.write(1, 1, [output(1), output(2, big), output(3)])
  const viewer = await world.viewer()
  await expect.poll(viewer.positions).toEqual(['1.1', '1.2', '1.3'])
  expect(Buffer.from(viewer.events[1]?.bytes ?? []).equals(big)).toBe(true)
})

it.each([1, 2, 3, 4, 5000, 9999])('a viewer that comes in at event %i gets that one first', async (seq) => {
  const events = Array.from({ length: 10_000 }, (_, n) => output(n + 1, n === 2 ? Buffer.alloc(600_000, 1) : `line ${n}`))
  world.write(1, 1, events)
  const viewer = await world.viewer({ attempt: 1, seq })
  await expect.poll(() => viewer.positions().at(-1)).toBe('1.10000')
  expect(viewer.positions()[0]).toBe(`1.${seq}`)
  expect(viewer.events).toHaveLength(10_001 - seq)
})

it('the runner is told when the first viewer comes and the last one goes, and again after it reconnects', async () => {
  const runner = await world.runner()
  const [first, second] = [await world.viewer(), await world.viewer()]
  await expect.poll(() => runner.heard).toEqual([{ type: 'watch', on: true }])
  runner.socket.terminate()
  const again = await world.runner()
  await expect.poll(() => again.heard).toEqual([{ type: 'watch', on: true }])
  first.socket.close()
  second.socket.close()
  await expect
    .poll(() => again.heard)
    .toEqual([
      { type: 'watch', on: true },
      { type: 'watch', on: false },
    ])
  expect(world.hub.watched(ID)).toBe(false)
})

it('a bell rung while the runner was away rings when it is back', async () => {
  world.hub.ring(ID)
  const runner = await world.runner()
  await expect.poll(() => runner.heard).toEqual([{ type: 'bell' }])
})

it('who types is noted once, before the first key reaches the runner, and what follows keeps its order', async () => {
  const runner = await world.runner()
  const socket = world.connect('role=viewer', { 'x-remote-by': 'ada' })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'attach', session: ID, from: { attempt: 1, seq: 1 } }))
  await once(socket, 'message')
  const noted = Promise.withResolvers<void>()
  world.hold(() => noted.promise)
  const stream = 'viewer-one'
  const frames = [
    { type: 'size', stream, n: 1, columns: 80, rows: 24 },
    { type: 'keys', stream, from: 0, bytes: 'bHM=' },
    { type: 'size', stream, n: 2, columns: 90, rows: 24 },
    { type: 'keys', stream, from: 2, bytes: 'Cg==' },
  ]
  for (const frame of frames) socket.send(JSON.stringify(frame))
  const typed = () => runner.heard.filter((frame) => ['keys', 'size'].includes((frame as { type: string }).type))
  await expect.poll(() => world.typed).toEqual([`ada ${ID} ${stream}`])
  expect(typed()).toEqual(frames.slice(0, 1))
  noted.resolve()
  await expect.poll(typed).toEqual(frames)
  expect(world.typed).toHaveLength(1)
})

it('whose typing cannot be noted types nothing, and is told', async () => {
  const runner = await world.runner()
  const socket = world.connect('role=viewer')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'attach', session: ID, from: { attempt: 1, seq: 1 } }))
  await once(socket, 'message')
  world.hold(() => Promise.reject(new Error('the disk is full')))
  socket.send(JSON.stringify({ type: 'keys', stream: 'viewer-one', from: 0, bytes: 'bHM=' }))
  const [code] = await once(socket, 'close')
  expect(code).toBe(1011)
  expect(runner.heard.filter((frame) => (frame as { type: string }).type === 'keys')).toEqual([])
})

it('the end of a runner connection is reported, but not of one that was replaced', async () => {
  await world.runner(1)
  world.change({ attempts: [{ number: 1 }, { number: 2 }] })
  const second = await world.runner(2)
  await expect.poll(() => world.hub.runners.size).toBe(1)
  second.socket.terminate()
  await expect.poll(() => world.closed).toEqual([`${ID} 2`])
})

it('changes of the record are shown, also to those who watch all sessions', async () => {
  const viewer = await world.viewer()
  const table = world.connect('role=viewer')
  const seen: unknown[] = []
  table.on('message', (data) => seen.push(JSON.parse(String(data))))
  table.on('open', () => table.send(JSON.stringify({ type: 'watch-all' })))
  await expect.poll(() => seen).toHaveLength(1)
  world.change({ title: 'changed' })
  await expect.poll(() => seen.at(-1)).toMatchObject({ type: 'session', session: { title: 'changed' } })
  await expect.poll(() => viewer.frames.at(-1)).toMatchObject({ type: 'session', session: { title: 'changed' } })
})

it.each(['nonsense', '{"type":"attach"}', '[]', '{"type":"attach","session":"s-1","from":{"attempt":0,"seq":-1}}'])(
  'a viewer that sends %s is closed with a reason',
  async (text) => {
    const viewer = await world.viewer()
    viewer.socket.send(text)
    expect(await viewer.ended).toMatchObject({ code: 1008, reason: expect.stringContaining('viewer') })
  },
)

it('a runner that sends nonsense or bytes is closed with a reason', async () => {
  for (const data of ['{}', Buffer.from([1, 2, 3])]) {
    const { socket } = await world.runner()
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.send(data)
    expect(await closed).toBe(1008)
  }
})

it('an unknown session is refused with a hint', async () => {
  const socket = world.connect('role=viewer')
  const frames: unknown[] = []
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  socket.on('open', () => socket.send(JSON.stringify({ type: 'attach', session: 's-0000000000', from: { attempt: 1, seq: 1 } })))
  await expect
    .poll(() => frames)
    .toMatchObject([{ type: 'error', code: 'not_found', hint: expect.stringContaining('remote status') }])
})

it.each([
  '',
  'role=king',
  `role=runner&session=${ID}`,
  'role=runner&session=../../etc&attempt=1',
  `role=runner&session=${ID}&attempt=1e99`,
])('a socket opened with "%s" is not accepted', async (query) => {
  const socket = world.connect(query)
  const [answer] = await new Promise<[Error]>((resolve) => socket.on('error', (error) => resolve([error])))
  expect(answer.message).toContain('400')
})

it('a stalled viewer costs no memory and holds nobody up', async () => {
  const stalled = await world.viewer()
  await expect.poll(() => stalled.frames).toHaveLength(1)
  stalled.socket.pause()
  const chunk = Buffer.alloc(64 * 1024, 1)
  const before = held()
  const other = await world.viewer()
  let bytes = 0
  other.socket.on('message', (data: Buffer) => {
    bytes += data.length
    other.events.length = 0
  })
  for (let seq = 1; seq <= 1024; seq += 1) world.write(1, 1, [output(seq, chunk)])
  world.hub.sealed(ID)
  await expect.poll(() => bytes, { timeout: 20_000 }).toBeGreaterThan(64 * 1024 * 1024)
  await expect.poll(() => held() - before, { timeout: 5000 }).toBeLessThan(16 * 1024 * 1024)
  stalled.socket.terminate()
}, 40_000)

it('a runner of another attempt than the current one, or of an ended session, does not take its place', async () => {
  const runner = await world.runner(1)
  const closed = async (attempt: number) => {
    const { socket } = await world.runner(attempt)
    return new Promise((resolve) => socket.on('close', (code, reason) => resolve(`${code} ${reason}`)))
  }
  expect(await closed(2)).toMatch(/^1008 fenced/)
  world.hub.ring(ID)
  await expect.poll(() => runner.heard).toEqual([{ type: 'bell' }])
  world.change({ attempts: [{ number: 1 }, { number: 2 }] })
  expect(await closed(1)).toMatch(/^1008 fenced/)
  world.change({ state: 'ended' })
  expect(await closed(2)).toMatch(/^1008 fenced/)
})

it.each(['watch-all', 'attach'])('a viewer that sends %s twice is closed with a reason', async (type) => {
  const viewer = await world.viewer()
  const frame = { type, ...(type === 'attach' && { session: ID, from: { attempt: 1, seq: 1 } }) }
  for (let n = 0; n < 2; n++) viewer.socket.send(JSON.stringify(frame))
  expect(await viewer.ended).toMatchObject({ code: 1008, reason: 'asked already' })
})
