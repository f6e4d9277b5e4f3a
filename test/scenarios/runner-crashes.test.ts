import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type CrashScene, openAgentScene, openCommandScene, openFurtherScene } from '../support/crash-scenes.ts'
import { crashRunner, eachPoint, runnerPoints, summary } from '../support/crash-walk.ts'
import type { World } from '../support/world.ts'

/** The command leaves word when it starts and while it runs, so that a second one beside it would be seen. */
const command = (world: World) => {
  const lock = join(world.dir, 'alone')
  return `mkdir ${lock} || echo doubled >> ${lock}.doubled; echo ran >> ${lock}.runs; rmdir ${lock}; echo done`
}

const plain: CrashScene = {
  name: 'a command without retries',
  dispatch: (world) => world.shell(command(world), { sandbox: 'off' }),
  check: async (world, session) => {
    // What the runner had told was told; whatever came before is a lost machine.
    expect(['succeeded', 'lost']).toContain(session.outcome?.outcome)
    expect(existsSync(join(world.dir, 'alone.doubled'))).toBe(false)
    if (session.outcome?.outcome === 'succeeded') expect(existsSync(join(world.dir, 'alone.runs'))).toBe(true)
    rmSync(join(world.dir, 'alone'), { recursive: true, force: true })
  },
  close: () => undefined,
}

it('a runner killed at any point leaves a session without retries in a final state, and nothing behind', async () => {
  const points = await runnerPoints(plain)
  expect(points.length).toBeGreaterThan(10)
  const took: number[] = []
  await eachPoint(points, async (point) => void took.push(await crashRunner(plain, point)))
  expect(took).toHaveLength(points.length)
  console.log(summary('runner killed, a command without retries', took))
}, 300_000)

it.each([
  ['a command on a repository with [setup]', openCommandScene],
  ['an agent in a workspace that is sent a message', openAgentScene],
  ['a further session of a workspace', openFurtherScene],
])(
  '%s comes home right from a runner killed at any point',
  async (name, open) => {
    const scene = await open()
    const took: number[] = []
    const points = await runnerPoints(scene)
    expect(points.length).toBeGreaterThan(30)
    await eachPoint(points, async (point) => void took.push(await crashRunner(scene, point)))
    scene.close()
    expect(took).toHaveLength(points.length)
    console.log(summary(`runner killed, ${name}`, took))
  },
  300_000,
)
