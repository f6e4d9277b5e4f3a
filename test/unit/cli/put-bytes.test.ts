import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { putBytes } from '../../../cli/put-bytes.ts'

const CHUNK = 256 * 1024
const CHUNKS = 60

it('a large upload arrives whole, is told as it goes, and leaves no listeners behind', async () => {
  const warnings: Error[] = []
  const warned = (warning: Error) => void warnings.push(warning)
  process.on('warning', warned)
  let received = 0
  const server = createServer((request, answer) => {
    request.on('data', (part: Buffer) => {
      received += part.length
    })
    request.on('end', () => answer.writeHead(201).end('stored'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const told: number[] = []
  const body = (async function* () {
    for (let n = 0; n < CHUNKS; n++) yield new Uint8Array(CHUNK)
  })()
  const answer = await putBytes({
    target: { url: new URL(`http://127.0.0.1:${port}/b`) },
    body,
    length: CHUNK * CHUNKS,
    headers: {},
    onBytes: (sent) => told.push(sent),
  })
  server.close()
  process.off('warning', warned)
  expect(answer).toEqual({ status: 201, text: 'stored' })
  expect([received, told.at(-1), told.length]).toEqual([CHUNK * CHUNKS, CHUNK * CHUNKS, CHUNKS])
  expect(warnings).toEqual([])
})
