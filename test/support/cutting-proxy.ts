import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'

const RETRY_MS = 20

/**
 * A bad network in front of a Unix socket: cuts each connection after as many bytes of answer as `lease` says, and holds
 * newcomers while nobody listens behind it.
 */
export const openCuttingProxy = async (front: string, back: string, lease: () => number) => {
  mkdirSync(dirname(front), { recursive: true, mode: 0o700 })
  const open = new Set<Socket>()
  let cuts = 0
  let closed = false

  const serve = (client: Socket) => {
    open.add(client)
    client.on('close', () => open.delete(client))
    client.on('error', () => client.destroy())
    const reach = () => {
      if (closed || client.destroyed) return client.destroy()
      const server = connect(back)
      server.once('error', () => {
        server.destroy()
        setTimeout(reach, RETRY_MS)
      })
      server.once('connect', () => {
        server.removeAllListeners('error')
        server.on('error', () => client.destroy())
        let left = lease()
        server.on('data', (bytes: Buffer) => {
          left -= bytes.length
          if (left < 0) {
            cuts += 1
            server.destroy()
            return client.destroy()
          }
          if (!client.write(bytes)) server.pause()
        })
        client.on('drain', () => server.resume())
        client.pipe(server)
        server.on('close', () => client.end())
        client.on('close', () => server.destroy())
      })
    }
    reach()
  }

  const listener = createServer({ allowHalfOpen: true }, serve)
  listener.listen(front)
  await once(listener, 'listening')
  return {
    cuts: () => cuts,
    close: async () => {
      closed = true
      for (const socket of open) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
