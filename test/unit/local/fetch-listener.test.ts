import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { answerNoRequest, type Fetchable, fetchListener } from '../../../local/http/fetch-listener.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

const serve = async (fetch: Fetchable['fetch']) => {
  const path = join(mkdtempSync(join(tmpdir(), 'http-')), 's')
  const server = createServer(fetchListener({ fetch }, '1.2.3'))
  server.on('clientError', answerNoRequest)
  server.listen(path)
  await once(server, 'listening')
  open.push(() => server.close().closeAllConnections())
  return path
}

const call = (
  socketPath: string,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: Uint8Array | string },
) =>
  new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const sent = request({ socketPath, agent: false, ...options }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(options.body)
  })

it('a request arrives as it was sent, and so does the answer', async () => {
  const path = await serve(async (asked) =>
    Response.json(
      { method: asked.method, url: new URL(asked.url).pathname, by: asked.headers.get('x-remote-by'), text: await asked.text() },
      { status: 201 },
    ),
  )
  const answer = await call(path, {
    method: 'POST',
    path: '/v1/sessions?x=1',
    headers: { 'x-remote-by': 'ada' },
    body: '{"a":"ü"}',
  })
  expect(answer.status).toBe(201)
  expect(answer.headers['x-remote-version']).toBe('1.2.3')
  expect(JSON.parse(answer.body.toString())).toEqual({ method: 'POST', url: '/v1/sessions', by: 'ada', text: '{"a":"ü"}' })
  expect(answer.headers['content-length']).toBe(String(answer.body.length))
})

it('bundles of any size stream in and bytes stream out', async () => {
  const bytes = randomBytes(12 * 1024 * 1024)
  const path = await serve((asked) => new Response(asked.body, { headers: { 'content-type': 'application/octet-stream' } }))
  const answer = await call(path, { method: 'PUT', path: '/v1/bundles/abc', body: bytes })
  expect(answer.body.equals(bytes)).toBe(true)
})

it('a body that is too large for what it can be is refused with a hint', async () => {
  const path = await serve(() => new Response('never'))
  const answer = await call(path, { method: 'POST', path: '/v1/sessions', body: Buffer.alloc(9 * 1024 * 1024) })
  expect(answer.status).toBe(413)
  expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'too_large', hint: expect.any(String) })
})

it('a bug is answered without its story', async () => {
  const path = await serve(() => {
    throw new Error('the password is hunter22')
  })
  const answer = await call(path, {})
  expect(answer.status).toBe(500)
  expect(answer.body.toString()).not.toContain('hunter22')
})

it.each([
  'TRACE / HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET http://[ HTTP/1.1\r\nhost: a\r\n\r\n',
  'POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab',
])('an odd request (%j) does not hurt the next one', async (text) => {
  const path = await serve(() => Response.json({ fine: true }))
  const socket = connect(path)
  socket.on('error', () => undefined)
  socket.write(text)
  await new Promise((resolve) => setImmediate(resolve))
  socket.end()
  expect((await call(path, {})).status).toBe(200)
})

it('what is no HTTP is told so', async () => {
  const socket = connect(await serve(() => Response.json({})))
  socket.write('hello there\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*"code":"bad_request"/)
})
