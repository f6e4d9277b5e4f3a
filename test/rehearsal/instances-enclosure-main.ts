import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** First process of the enclosure: carries TCP between the machines and Unix sockets, which know no network namespaces. Ends with its stdin. */

const [dir = '', gateway = '', endpoint = '', ...metadata] = process.argv.slice(2)
const CONNECT_MS = 5000

const carry = (host: string, port: number, to: (remote: string) => string): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (machine) => {
      const inside = createConnection({ path: to(machine.remoteAddress ?? ''), allowHalfOpen: true })
      machine.on('error', () => inside.destroy())
      inside.on('error', () => machine.resetAndDestroy())
      machine.pipe(inside).pipe(machine)
    })
    server.on('error', reject)
    server.listen(port, host, resolve)
  })

/** `ADDRESS PORT` on a line opens a connection from the endpoint's address; one byte says that it stands. */
const endpoints = createServer({ allowHalfOpen: true }, (outside) => {
  outside.on('error', () => outside.destroy())
  outside.once('data', (line) => {
    outside.pause()
    const [host = '', port = ''] = line.toString().trim().split(' ')
    const inside = createConnection({ host, port: Number(port), localAddress: endpoint, allowHalfOpen: true })
    const late = setTimeout(() => inside.destroy(), CONNECT_MS)
    inside.on('error', () => outside.destroy())
    inside.on('close', () => outside.destroy())
    outside.on('close', () => inside.destroy())
    inside.on('connect', () => {
      clearTimeout(late)
      outside.write('+')
      outside.pipe(inside).pipe(outside)
    })
  })
})
await new Promise<void>((resolve) => endpoints.listen(join(dir, 'endpoint'), resolve))
// The metadata service knows who asks by the address only.
for (const address of metadata) await carry(address, 80, (remote) => join(dir, 'imds', remote))
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  await carry(gateway, Number(line), () => join(dir, 'ports', line))
  console.log(line)
}
process.exit(0)
