import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** First process of the enclosure: carries TCP from the machines to Unix sockets, which know no network namespaces. Ends with its stdin. */

const [dir = '', gateway = '', ...metadata] = process.argv.slice(2)

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

// The metadata service knows who asks by the address only.
for (const address of metadata) await carry(address, 80, (remote) => join(dir, 'imds', remote))
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  await carry(gateway, Number(line), () => join(dir, 'ports', line))
  console.log(line)
}
process.exit(0)
