/** `node bare-ws-server.ts SOCKET PER_SECOND EVENTS`: sends each event to everybody, from the first line on stdin. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const [socket = '', perSecond = '1', events = '0'] = process.argv.slice(2)
const server = createServer()
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (client) => client.on('message', () => client.send('{"type":"attached"}')))
server.listen(socket, () => process.stdout.write('listening\n'))

await once(process.stdin, 'data')
let sent = 0
const timer = setInterval(() => {
  const event = Buffer.from(`T${process.hrtime.bigint()}\n`)
  for (const client of sockets.clients) client.send(event)
  if (++sent === Number(events)) clearInterval(timer)
}, 1000 / Number(perSecond))
