import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { openDoorbell } from '../../../agent-bootstrap/doorbell-socket.ts'

const TRIES = 8

it('a machine that is cut off comes back after a pause of pure chance, and asks chance before each try', async () => {
  const heard = Promise.withResolvers<void>()
  let knocked = 0
  const server = createServer((_, answer) => {
    if (++knocked === TRIES) heard.resolve()
    answer.writeHead(503).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let drawn = 0
  const random = () => {
    drawn++
    return 0
  }
  const began = performance.now()
  // Signed: afar, where pauses grow to 15 s. With chance always 0 none of it is waited for.
  const doorbell = openDoorbell(
    { endpoint, session: 's-0000000000', attempt: 1, sign: async () => ({}), random },
    { onFrame: () => undefined, onOpen: () => undefined, onClose: () => undefined },
  )
  await heard.promise
  const tookMs = performance.now() - began
  doorbell.close()
  server.close()
  server.closeAllConnections()
  expect(drawn).toBeGreaterThanOrEqual(TRIES - 1)
  expect(tookMs).toBeLessThan(10_000) // with half of each pause fixed: 20 s at least
})
