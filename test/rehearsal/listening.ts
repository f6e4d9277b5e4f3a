import type { Server } from 'node:net'

/** Listens on loopback; answers the port. */
export const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve, reject) => server.listen(0, '127.0.0.1', resolve).once('error', reject))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
