import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import type { CrashScene } from './crash-scenes.ts'
import { World } from './world.ts'
import { until } from './world-processes.ts'

/** Worlds at once: most of a crash is waiting for what notices it. */
const AT_ONCE = 5

/** Calls `crash` for each point, some at a time. */
export const eachPoint = async <Point>(points: readonly Point[], crash: (point: Point) => Promise<void>): Promise<void> => {
  const left = [...points]
  const work = async () => {
    for (let point = left.shift(); point !== undefined; point = left.shift()) await crash(point)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

export const summary = (what: string, milliseconds: readonly number[]): string => {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return `${what}: ${sorted.length} points, final state after: median ${at(0.5)} ms, longest ${at(1)} ms`
}

/** A world in which everything was that was before the scene. */
const prepared = async (world: World, { before }: CrashScene): Promise<void> => {
  if (!before) return
  await world.startDaemon()
  await before.prepare(world)
  await world.killDaemon('SIGTERM')
}

/** A world for one crash, with what was said in it when it fails. */
export const inWorld = async (what: string, work: (world: World) => Promise<void>): Promise<void> => {
  const world = new World()
  try {
    await work(world)
  } catch (error) {
    const log = existsSync(world.paths.daemonLog) ? readFileSync(world.paths.daemonLog, 'utf8') : ''
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}\n${log}`, { cause: error })
  } finally {
    await world.close()
  }
}

const namesIn = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : [])

const hasRun = ({ attempts }: Session) => attempts.some(({ greetedAt }) => greetedAt !== undefined)

/** Nothing runs any more, and of the session there is its log and its result. */
export const expectNothingLeft = async (world: World, session: Session): Promise<void> => {
  await until('nothing is left', () => (world.running().length === 0 ? true : undefined))
  // What was not brought home is only in the checkout: that is kept for a time.
  const mayHoldWork = session.outcome?.outcome === 'lost' || (hasRun(session) && session.request.repository !== undefined)
  const kept = mayHoldWork && !session.result ? ['work', 'git', 'tmp'] : []
  const left = namesIn(join(world.paths.sessions, session.id)).filter(
    (name) => ['work', 'git', 'tmp', 'bundles', 'reserve'].includes(name) && !kept.includes(name),
  )
  expect(left).toEqual([])
  expect(namesIn(world.paths.bundles).filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([])
  expect(namesIn(world.paths.kept)).toEqual([])
  const agent = namesIn(join(world.paths.sessions, session.id, 'agent'))
  expect(agent.filter((name) => name === 'tmp')).toEqual([])
}

const dispatchUntilAnswered = async (world: World, scene: CrashScene): Promise<Session | undefined> => {
  try {
    return await scene.dispatch(world)
  } catch (error) {
    // Its daemon died on the way, which is the point; a user would see that, and try again.
    await until(`the daemon is dead, which would explain "${error}"`, () => world.hasDaemonEnded() || undefined, 5)
    return undefined
  }
}

/** Kills the daemon at a point; answers the milliseconds from its restart to the session's end. */
export const crashDaemon = async (scene: CrashScene, point: number): Promise<number> => {
  let took = 0
  await inWorld(`${scene.name}, daemon killed at ${point}`, async (world) => {
    await prepared(world, scene)
    const started = await world.startDaemon({ REMOTE_FAILPOINT: String(point) })
    const first = started.ready ? await dispatchUntilAnswered(world, scene) : undefined
    const isOver = async () => first && (await world.session(first.id).catch(() => undefined))?.state === 'ended'
    await until(
      'the daemon is dead, or had fewer points this time',
      async () => world.hasDaemonEnded() || (await isOver()) || undefined,
    )
    await world.killDaemon('SIGKILL')
    const from = performance.now()
    expect(await world.startDaemon()).toMatchObject({ ready: true })
    const session = await scene.dispatch(world)
    const ended = await world.ended(session.id)
    took = performance.now() - from
    expect(ended.attempts).toHaveLength(1)
    await scene.check(world, ended)
    expect((await world.api<{ sessions: unknown[] }>('GET', '/sessions?all=1')).body.sessions).toHaveLength(
      1 + (scene.before?.sessions ?? 0),
    )
    expect((await world.api<{ intact: boolean }>('GET', `/sessions/${session.id}/timeline`)).body.intact).toBe(true)
    await expectNothingLeft(world, ended)
  })
  return took
}

/** Kills the runner of the first attempt at a point; answers the milliseconds from the dispatch to the session's end. */
export const crashRunner = async (scene: CrashScene, { point, name }: { point: number; name: string }): Promise<number> => {
  let took = 0
  await inWorld(`${scene.name}, runner killed at ${point} (${name})`, async (world) => {
    await prepared(world, scene)
    await world.startDaemon({ REMOTE_RUNNER_FAILPOINT: `${point}@1` })
    const from = performance.now()
    const { id } = await scene.dispatch(world)
    const ended = await world.ended(id)
    took = performance.now() - from
    // A machine that does not even start is not tried for ever.
    if (name === 'before claim') expect(ended.outcome).toMatchObject({ outcome: 'refused' })
    else await scene.check(world, ended)
    await expectNothingLeft(world, ended)
  })
  return took
}

/** How many points the daemon passes in the scene. */
export const daemonPoints = async (scene: CrashScene): Promise<number[]> => {
  let count = 0
  await inWorld(`${scene.name}, counted`, async (world) => {
    await prepared(world, scene)
    const file = join(world.dir, 'count')
    await world.startDaemon({ REMOTE_FAILPOINT_COUNT: file })
    const ended = await world.ended((await scene.dispatch(world)).id)
    await scene.check(world, ended)
    await world.killDaemon('SIGTERM')
    count = Number(readFileSync(file, 'utf8'))
  })
  return Array.from({ length: count }, (_, n) => n + 1)
}

/** The runner's points in the scene, by name. */
export const runnerPoints = async (scene: CrashScene): Promise<{ point: number; name: string }[]> => {
  let names: string[] = []
  await inWorld(`${scene.name}, counted`, async (world) => {
    await prepared(world, scene)
    const file = join(world.dir, 'points')
    await world.startDaemon({ REMOTE_RUNNER_FAILPOINT_COUNT: file })
    const ended = await world.ended((await scene.dispatch(world)).id)
    await scene.check(world, ended)
    names = readFileSync(file, 'utf8').trim().split('\n')
  })
  return names.map((line, index) => ({ point: index + 1, name: line.replace(/^\d+ /, '') }))
}
