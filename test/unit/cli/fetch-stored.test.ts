import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fetchStored } from '../../../cli/cloud/fetch-stored.ts'

const packed = gzipSync('the log')
const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
let server: Server
let base: string
const fetched = fetchStored(async () => undefined)

beforeAll(async () => {
  server = createServer(({ url }, answer) => answer.end(url === '/bomb' ? bomb : packed))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

it('what is stored is unpacked when it is what was recorded', async () => {
  expect(Buffer.from(await fetched(`${base}/log`, sha256(packed))).toString()).toBe('the log')
})

it('what was changed after it was recorded is not shown', async () => {
  await expect(fetched(`${base}/log`, sha256(bomb))).rejects.toMatchObject({
    code: 'corrupt',
    hint: expect.stringMatching(/changed/),
  })
})

it('what unpacks to more than any machine packs is refused', async () => {
  await expect(fetched(`${base}/bomb`, sha256(bomb))).rejects.toMatchObject({ code: 'corrupt' })
})
