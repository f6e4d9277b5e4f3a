import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { World } from '../test/support/world.ts'
import { type Figure, ms } from './figure.ts'
import { inWorld } from './in-world.ts'
import { NODE } from './measure.ts'

const VIEWERS = 1000
const PER_SECOND = 20
const SECONDS = 6

const CROWD = fileURLToPath(new URL('crowd.ts', import.meta.url))
const BARE = fileURLToPath(new URL('bare-ws-server.ts', import.meta.url))

type Seen = { delivered: number; p99: number }

/** All viewers in one process, the same one for both sides. Calls `ready` once all are attached. */
const crowd = async (world: World, socket: string, session: string, ready: () => void): Promise<Seen> => {
  const expected = PER_SECOND * SECONDS
  const child = spawn(NODE, [CROWD, socket, session, String(VIEWERS), String(expected)], {
    env: world.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  for await (const chunk of child.stdout as Readable) {
    text += chunk
    if (text === 'ready\n') ready()
  }
  return JSON.parse(text.slice('ready\n'.length)) as Seen
}

const ticks = (start: string) =>
  `${start};let n=0;const t=setInterval(()=>{process.stdout.write("T"+process.hrtime.bigint()+"\\n");if(++n===${PER_SECOND * SECONDS})clearInterval(t)},${1000 / PER_SECOND})`

const ours = async (world: World): Promise<Seen> => {
  const go = join(world.dir, 'go')
  const { id } = await world.shell(`until test -e ${go}; do sleep 0.05; done; node -e '${ticks('0')}'`, { sandbox: 'off' })
  return crowd(world, world.paths.socket, id, () => writeFileSync(go, ''))
}

const bare = async (world: World): Promise<Seen> => {
  const socket = join(world.dir, 'bare.sock')
  const server = spawn(NODE, [BARE, socket, String(PER_SECOND), String(PER_SECOND * SECONDS)], {
    env: world.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(server.stdout, 'data')
  try {
    return await crowd(world, socket, '-', () => server.stdin.write('go\n'))
  } finally {
    server.kill()
  }
}

export const manyViewers: Figure = {
  name: 'many-viewers',
  seconds: 90,
  run: () =>
    inWorld(async (world) => {
      const base = await bare(world)
      const seen = await ours(world)
      const all = VIEWERS * PER_SECOND * SECONDS
      const share = (100 * seen.delivered) / all
      return [
        {
          what: `${VIEWERS} viewers × ${PER_SECOND} events/s: delivered`,
          ours: `${seen.delivered}`,
          base: `ws: ${base.delivered}`,
          measured: `${share.toFixed(2)} %`,
          goal: '100 %',
          reached: seen.delivered === all,
        },
        {
          what: `${VIEWERS} viewers × ${PER_SECOND} events/s: p99`,
          ours: ms(seen.p99),
          base: `ws: ${ms(base.p99)}`,
          measured: `${(seen.p99 / base.p99).toFixed(2)} ×`,
          goal: '≤ 2 ×',
          reached: seen.p99 <= 2 * base.p99,
        },
      ]
    }),
}
