import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { canComeBack } from '../../../cli/follow/can-come-back.ts'
import { openSocket } from '../../../cli/follow/open-socket.ts'
import { listening } from '../../rehearsal/listening.ts'

it('a live path that is there and says nothing is tried again, like one that is away', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined))
  const port = await listening(silent)
  const refusal = await openSocket({ url: `ws://127.0.0.1:${port}`, openMs: 200 }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'timeout', message: expect.stringContaining('0.2 s') })
  expect(canComeBack(refusal)).toBe(true)
  silent.close()
})
