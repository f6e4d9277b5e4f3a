import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type CrashScene, openAgentScene, openCommandScene, openFurtherScene } from '../support/crash-scenes.ts'
import { crashDaemon, daemonPoints, eachPoint, inWorld, summary } from '../support/crash-walk.ts'
import type { World } from '../support/world.ts'

/** Of what the daemon passes once it listens, in a dispatch with a repository. */
const FIRST_POINT = 1
const LAST_POINT = 30

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

it('a dispatch from the command line gets through a daemon that is killed at any point, and brings its branch home', async () => {
  const crash = (point: number) =>
    inWorld(`dispatched, daemon killed at ${point}`, async (world) => {
      const cwd = world.repository({ 'a.txt': 'here\n' })
      expect(await world.startDaemon({ REMOTE_FAILPOINT: String(point) })).toMatchObject({ ready: true })
      const task = `echo ran >> ${join(world.dir, 'runs')}; cat a.txt; echo there > b.txt`
      const dispatched = ['dispatch', '--agent', 'shell', '--sandbox', 'off', task]
      const { code, out, stderr } = await world.cli(dispatched, { cwd })
      expect([code, out], stderr).toEqual([0, 'here\n'])
      expect(world.git(cwd, 'show', `remote/${/s-[0-9a-z]{10}/.exec(stderr)?.[0]}:b.txt`)).toBe('there\n')
      expect(runs(world)).toBe(1)
      killed += world.hasDaemonEnded() ? 1 : 0
    })
  let killed = 0
  await eachPoint(
    Array.from({ length: LAST_POINT }, (_, n) => n + FIRST_POINT),
    crash,
  )
  console.log(`daemon killed at ${killed} points of a dispatch from the command line`)
  expect(killed).toBeGreaterThan(10)
}, 300_000)
