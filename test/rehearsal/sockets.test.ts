import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Cloud, openCloud, REGION } from './cloud.ts'
import { IDLE_MS, LONGEST_MS } from './front-socket.ts'
import { deploySample, type SampleOutputs } from './sample-stack.ts'
import { until } from './until.ts'

let cloud: Cloud
let out: SampleOutputs
let aws: AwsClient
let userArn: string

beforeAll(async () => {
  cloud = await openCloud()
  out = await deploySample(cloud)
  const Resource = `arn:aws:execute-api:${REGION}:*:${out.SocketId}/v1/*`
  const Statement = [{ Effect: 'Allow' as const, Action: ['execute-api:Invoke', 'execute-api:ManageConnections'], Resource }]
  const user = await cloud.control.user('ann', [{ Version: '2012-10-17', Statement }])
  userArn = user.arn
  aws = new AwsClient({ ...user, region: REGION, service: 'execute-api', retries: 0 })
})
afterAll(() => cloud?.close())

type Event = { requestContext: Record<string, unknown> & { connectionId: string }; body?: string; queryStringParameters?: object }
const events = () =>
  [...cloud.lambdas.log(out.FunctionName).matchAll(/^SOCKET (.*)$/gm)].map(([, text]) => JSON.parse(text ?? '') as Event)
const bodies = () => events().flatMap(({ body }) => (body === undefined ? [] : [body]))

/** Signed in the query, as browsers must and the runner may. */
const open = async (query: string, signed = true) => {
  const url = new URL(`${out.Socket.replace('ws:', 'http:')}?${query}`)
  const ready = signed ? (await aws.sign(url.href, { aws: { signQuery: true } })).url : url.href
  const socket = new WebSocket(ready.replace('http:', 'ws:'), { perMessageDeflate: false })
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)))
  const status = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
    socket.on('error', () => {})
  })
  const mine = query
  const id = () => {
    const found = events().find(
      ({ queryStringParameters }) => new URLSearchParams(mine).get('n') === (queryStringParameters as { n?: string })?.n,
    )
    return found?.requestContext.connectionId ?? ''
  }
  return { socket, status, closed, id }
}
const connections = (id: string, method: string, body?: string) =>
  aws.fetch(`${out.Socket.replace('ws:', 'http:')}/@connections/${encodeURIComponent(id)}`, {
    method,
    ...(body === undefined ? {} : { body }),
  })

it('connecting needs a signature, a policy and the consent of the function', async () => {
  expect((await open('role=viewer&n=a1', false)).status).toBe(403)
  expect((await open('role=viewer&n=a2&refuse=1')).status).toBe(403)
  const { status, socket, id } = await open('role=viewer&n=a3')
  expect(status).toBe(101)
  const connect = events().find(({ requestContext }) => requestContext.connectionId === id())
  expect(connect).toMatchObject({
    requestContext: { eventType: 'CONNECT', routeKey: '$connect', stage: 'v1', identity: { userArn } },
    queryStringParameters: { role: 'viewer' },
  })
  socket.close()
  await until('the disconnect', async () =>
    events().find(({ requestContext: c }) => c.connectionId === id() && c['eventType'] === 'DISCONNECT'),
  )
})

it('messages reach the function, and answers come through the connections API', async () => {
  const { socket, id } = await open('n=b')
  const heard = new Promise<string>((resolve) => socket.once('message', (data) => resolve(data.toString())))
  socket.send('{"type":"attach"}')
  await until('the message', async () => bodies().find((body) => body === '{"type":"attach"}'))
  expect((await connections(id(), 'POST', 'hello')).status).toBe(200)
  expect(await heard).toBe('hello')
  expect(await (await connections(id(), 'GET')).json()).toMatchObject({ connectedAt: expect.any(String) })
  expect((await connections(id(), 'POST', 'x'.repeat(128 * 1024 + 1))).status).toBe(413)
  expect((await connections(id(), 'DELETE')).status).toBe(204)
  const gone = await connections(id(), 'POST', 'anybody?')
  expect([gone.status, gone.headers.get('x-amzn-errortype')]).toEqual([410, 'GoneException'])
})

it('a frame over 32 KB and a message over 128 KB end the connection', async () => {
  const large = await open('n=c1')
  large.socket.send('x'.repeat(32 * 1024 + 1))
  expect(await large.closed).toBe(1009)
  const parts = await open('n=c2')
  const part = 'y'.repeat(32 * 1024)
  for (const fin of [false, true]) parts.socket.send(part, { fin })
  await until('both frames are one message', async () => bodies().find((body) => body.length === 64 * 1024))
  for (const fin of [false, false, false, false, true]) parts.socket.send(part, { fin })
  expect(await parts.closed).toBe(1009)
})

it('a connection ends after ten idle minutes, and after two hours in any case', async () => {
  const idle = await open('n=d1')
  cloud.front.clock.advance(IDLE_MS - 5000)
  await cloud.front.cut()
  expect(idle.socket.readyState).toBe(WebSocket.OPEN)
  cloud.front.clock.advance(5000)
  await cloud.front.cut()
  expect(await idle.closed).toBe(1001)
  const long = await open('n=d2')
  for (let at = 0; at < LONGEST_MS - IDLE_MS; at += IDLE_MS / 2) {
    cloud.front.clock.advance(IDLE_MS / 2)
    long.socket.send('still here')
    await until('it was heard', async () =>
      bodies().filter((body) => body === 'still here').length > at / (IDLE_MS / 2) ? true : undefined,
    )
    await cloud.front.cut()
  }
  expect(long.socket.readyState).toBe(WebSocket.OPEN)
  cloud.front.clock.advance(IDLE_MS)
  await cloud.front.cut()
  expect(await long.closed).toBe(1001)
})

it('messages may come twice and in another order', async () => {
  const { socket } = await open('n=e')
  cloud.front.disorder.set({ reorder: true, duplicate: true })
  const sent = Array.from({ length: 30 }, (_, n) => `message ${n}`)
  for (const text of sent) socket.send(text)
  const got = await until('all have come', async () => {
    const come = bodies().filter((body) => body.startsWith('message '))
    return new Set(come).size === sent.length && come.length > sent.length ? come : undefined
  })
  expect(got.slice(0, sent.length)).not.toEqual(sent)
  cloud.front.disorder.set({})
})

it('messages may be lost', async () => {
  const { socket } = await open('n=f')
  cloud.front.disorder.set({ lose: true })
  for (let n = 0; n < 60; n++) socket.send(`maybe ${n}`)
  await until('some have come', async () => (bodies().some((body) => body.startsWith('maybe ')) ? true : undefined))
  cloud.front.disorder.set({})
  socket.send('the last')
  await until('the last has come', async () => bodies().find((body) => body === 'the last'))
  expect(bodies().filter((body) => body.startsWith('maybe ')).length).toBeLessThan(60)
})
