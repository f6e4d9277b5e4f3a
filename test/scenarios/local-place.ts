import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { takeDaemonLock } from '../../local/daemon-lock.ts'
import { paths } from '../../local/paths.ts'
import { openCuttingProxy } from '../support/cutting-proxy.ts'
import { World } from '../support/world.ts'
import { killQuietly, processesOf, until } from '../support/world-processes.ts'
import type { Oddity, Place } from './place.ts'

/** A daemon lives for so long before it is killed again: time to be found by a viewer, not to send it much. */
const LIFE_MS = 150
const RESTARTS = 100
const CUTS = 1000
/** Bytes of answer that a viewer gets at most before it is cut off: often less than one frame. */
const LEASE = 1_000_000

type Options = {
  /** Of all programs. */
  env?: Record<string, string>
  /** Of the daemon and its runners alone. */
  daemonEnv?: Record<string, string>
  /** Before the daemon starts; answers what undoes it. */
  prepare?: (world: World) => Promise<(() => void) | undefined>
}

const filesBelow = (dir: string): Buffer[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    : []

const residentMb = (pid: number | undefined) => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    return 0 // it has ended
  }
}

const mountSmall = async (world: World) => {
  const { sessions } = world.paths
  mkdirSync(sessions, { recursive: true })
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', sessions])
  if (status !== 0) throw new Error(`not proved: a full disk needs a small file system, and mounting one needs root: ${stderr}`)
  return () => void spawnSync('umount', ['-l', sessions])
}
const oddOptions = (oddity: Oddity): Options =>
  oddity.name === 'a runner that dies' ? { daemonEnv: { REMOTE_RUNNER_FAILPOINT: `${oddity.at}@1` } } : { prepare: mountSmall }

/** This computer. */
export const openLocalPlace = async ({ env = {}, daemonEnv = {}, prepare }: Options = {}): Promise<Place> => {
  const world = new World(env)
  const undo = await prepare?.(world)
  const started = await world.startDaemon(daemonEnv)
  expect(started).toMatchObject({ ready: true })
  const killRunner = async (id: string) => {
    const pid = await until(`${id} has a runner`, () => world.runnerPids(id)[0])
    killQuietly(pid, 'SIGKILL')
  }
  return {
    runtime: 'local',
    world,
    patienceSeconds: 60,
    goneSeconds: 5,
    api: (...call) => world.api(...call),
    session: (id) => world.session(id),
    running: async (id, mark) =>
      [...processesOf(mark), ...processesOf(world.dir).filter(({ session }) => session === id)]
        .filter(({ line }) => !line.includes('remote.cjs'))
        .map(({ pid, line }) => `${pid} ${line}`),
    killRunner,
    log: { megabytes: 50, seconds: 40 },
    stored: async () => [
      ...[world.paths.database, `${world.paths.database}-wal`]
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file)),
      ...filesBelow(world.paths.sessions),
      ...filesBelow(world.paths.bundles),
      ...filesBelow(world.paths.kept),
      ...filesBelow(world.paths.state),
    ],
    odd: async (oddity, scenario) => {
      const options = oddOptions(oddity)
      const place = await openLocalPlace({ ...options, env: { ...env, REMOTE_SANDBOX: 'off' } })
      try {
        return await scenario({ place, flags: [] })
      } finally {
        await place.close()
      }
    },
    onBadNetwork: async (scenario) => {
      // The person's programs see another home, where the socket is a bad network in front of the real one, with a daemon
      // behind it that does not live long.
      const seen = { REMOTE_HOME: join(world.dir, 'viewer') }
      const there = paths({ ...world.env, ...seen })
      const proxy = await openCuttingProxy(there.socket, world.paths.socket, () => Math.floor(Math.random() * LEASE))
      mkdirSync(there.data, { recursive: true, mode: 0o700 })
      // With this nobody starts a daemon there.
      const lock = takeDaemonLock(there.lock)
      expect(lock).toBeDefined()
      const over = new AbortController()
      const seenMb = { daemon: 0, runner: 0 }
      let restarts = 0
      const restart = async () => {
        for (; restarts < RESTARTS && !over.signal.aborted; restarts++) {
          seenMb.daemon = Math.max(seenMb.daemon, residentMb(world.daemonPid()))
          seenMb.runner = Math.max(seenMb.runner, residentMb(world.runnerPids()[0]))
          await world.killDaemon('SIGKILL')
          expect(await world.startDaemon(daemonEnv)).toMatchObject({ ready: true })
          await new Promise((resolve) => setTimeout(resolve, LIFE_MS))
        }
      }
      const restarting = restart()
      restarting.catch(() => undefined) // it is awaited below
      try {
        return await scenario({
          env: seen,
          hasBrokenEnough: () => proxy.cuts() >= CUTS && restarts >= RESTARTS,
          summary: () =>
            `${proxy.cuts()} cuts, ${restarts} restarts; daemon at most ${Math.round(seenMb.daemon)} MB, runner at most ${Math.round(seenMb.runner)} MB`,
        })
      } finally {
        over.abort()
        await restarting
        lock?.release()
        await proxy.close()
      }
    },
    close: async () => {
      try {
        if (undo) await world.killDaemon('SIGTERM')
      } finally {
        undo?.()
        await world.close()
      }
    },
  }
}
