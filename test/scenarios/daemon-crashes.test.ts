import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type CrashScene, openAgentScene, openCommandScene, openFurtherScene } from '../support/crash-scenes.ts'
import { crashDaemon, daemonPoints, eachPoint, summary } from '../support/crash-walk.ts'
import type { World } from '../support/world.ts'

const runs = (world: World) => (existsSync(join(world.dir, 'runs')) ? world.file('runs').trim().split('\n').length : 0)

/** A command without a repository, once more for every run of it: twice would show. */
const openPlainScene = async (): Promise<CrashScene> => ({
  name: 'a command alone',
  dispatch: (world) => world.shell(`echo ran >> ${join(world.dir, 'runs')}; echo done`, { sandbox: 'off' }, 'the-key'),
  check: async (world, session) => {
    expect(session.outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
    expect(runs(world)).toBe(1)
  },
  close: () => undefined,
})

it.each([
  ['a command alone', openPlainScene],
  ['a command on a repository with [setup]', openCommandScene],
  ['an agent in a workspace that is sent a message', openAgentScene],
  ['a further session of a workspace', openFurtherScene],
])(
  '%s is not lost by a daemon killed at any point, nor started twice',
  async (name, open) => {
    const scene = await open()
    const took: number[] = []
    const points = await daemonPoints(scene)
    expect(points.length).toBeGreaterThan(10)
    await eachPoint(points, async (point) => void took.push(await crashDaemon(scene, point)))
    scene.close()
    expect(took).toHaveLength(points.length)
    console.log(summary(`daemon killed, ${name}`, took))
  },
  300_000,
)
