import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { type Figure, ms } from './figure.ts'
import { inWorld } from './in-world.ts'
import { percentile } from './measure.ts'

const EVENTS = 250
const GAP_MS = 25

/** The clock is the machine's own (monotonic), so two processes can compare. */
const WRITER = `let n=0;const t=setInterval(()=>{process.stdout.write(process.hrtime.bigint()+"\\n");if(++n===${EVENTS})clearInterval(t)},${GAP_MS})`

/** Written by the session's command, read from what an attached viewer prints. */
export const eventLatency: Figure = {
  name: 'event-latency',
  seconds: 60,
  run: () =>
    inWorld(async (world) => {
      const { id } = await world.shell(`sleep 0.5; node -e '${WRITER}'`)
      const viewer = world.start(['attach', id])
      viewer.stderr?.resume()
      const closed = once(viewer, 'close')
      const took: number[] = []
      let rest = ''
      for await (const chunk of viewer.stdout as Readable) {
        const now = process.hrtime.bigint()
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) took.push(Number(now - BigInt(line)) / 1e6)
      }
      await closed
      if (took.length !== EVENTS) throw new Error(`the viewer printed ${took.length} of ${EVENTS} events`)
      const row = (share: number, name: string, limit: number) => {
        const value = percentile(took, share)
        return {
          what: `event → viewer, ${name}`,
          ours: ms(value),
          base: '',
          measured: ms(value),
          goal: `≤ ${limit} ms`,
          reached: value <= limit,
        }
      }
      return [row(0.5, 'p50', 25), row(0.99, 'p99', 50)]
    }),
}
