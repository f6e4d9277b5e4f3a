import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { World } from '../test/support/world.ts'
import { type Figure, ms, type Row } from './figure.ts'
import { inWorld } from './in-world.ts'
import { emptyNode, interleaved, timed } from './measure.ts'
import { attach } from './viewer-client.ts'

const spawnToFirstByte = async (): Promise<number> => {
  const from = performance.now()
  const child = spawn('/bin/sh', ['-c', 'echo first'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  return performance.now() - from
}

/** From the answer of the dispatch to the byte at a viewer. */
const acceptedToFirstByte = async (world: World, sandbox: 'on' | 'off'): Promise<number> => {
  const { id } = await world.shell('echo first', { sandbox })
  const from = performance.now()
  const { promise, resolve } = Promise.withResolvers<number>()
  const client = await attach(world.paths.socket, id, (frame) => {
    if (frame.includes('first\n')) resolve(performance.now() - from)
  })
  const took = await promise
  client.close()
  await world.ended(id)
  return took
}

const RUNNER =
  'a process of its own with the whole contract: start Node (24 ms), load (9), connect and say hello (19), fence and start the command (13); docs/decisions/runner.md'
const SANDBOX = `${RUNNER}; besides, the sandbox library's own loading and first use (25 ms); docs/decisions/sandbox.md`

const row = (what: string, ours: number, base: number, why: string): Row => ({
  what,
  ours: ms(ours),
  base: `2 × node -e 0 + spawn: ${ms(base)}`,
  measured: `${(ours / base).toFixed(2)} ×`,
  goal: '≤ 1 ×',
  reached: ours <= base,
  why,
})

export const firstByte: Figure = {
  name: 'first-byte',
  seconds: 60,
  run: () =>
    inWorld(async (world) => {
      const took = await interleaved(15, {
        node: emptyNode,
        spawn: spawnToFirstByte,
        bwrap: () =>
          timed('bwrap', ['--unshare-user', '--unshare-pid', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', 'true']),
        open: () => acceptedToFirstByte(world, 'off'),
        fenced: () => acceptedToFirstByte(world, 'on'),
      })
      const base = 2 * took.node + took.spawn
      return [
        row('accepted → first byte', took.open, base, RUNNER),
        row(`the same in the sandbox (bwrap alone: ${ms(took.bwrap)})`, took.fenced, base + took.bwrap, SANDBOX),
      ]
    }),
}
