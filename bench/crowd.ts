/** `node crowd.ts SOCKET SESSION VIEWERS EVENTS`: says `ready` when all are attached, at the end what arrived and how late. */

import { percentile } from './measure.ts'
import { attach } from './viewer-client.ts'

const [socket = '', session = '', viewers = '0', events = '0'] = process.argv.slice(2)
const expected = Number(viewers) * Number(events)
const QUIET_MS = 5000

const late: number[] = []
const { promise: complete, resolve } = Promise.withResolvers<void>()
let patience: NodeJS.Timeout | undefined

const onFrame = (frame: Buffer) => {
  const now = process.hrtime.bigint()
  for (const [, stamp = '0'] of frame.toString('latin1').matchAll(/T(\d+)\n/g)) late.push(Number(now - BigInt(stamp)) / 1e6)
  clearTimeout(patience)
  if (late.length >= expected) resolve()
  else patience = setTimeout(resolve, QUIET_MS)
}

for (let n = 0; n < Number(viewers); n += 50) {
  await Promise.all(Array.from({ length: Math.min(50, Number(viewers) - n) }, () => attach(socket, session, onFrame)))
}
process.stdout.write('ready\n')
await complete
process.stdout.write(JSON.stringify({ delivered: late.length, p99: percentile(late, 0.99) }), () => process.exit(0))
