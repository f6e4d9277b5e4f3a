import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { takeDaemonLock } from '../../local/daemon-lock.ts'
import { paths } from '../../local/paths.ts'
import { openCuttingProxy } from '../support/cutting-proxy.ts'
import { World } from '../support/world.ts'

const MEGABYTES = 50
const SECONDS = 40
/** A daemon lives for so long before it is killed again: time to be found by a viewer, not to send it much. */
const LIFE_MS = 150
const RESTARTS = 100
const CUTS = 1000
/** Bytes of answer that a viewer gets at most before it is cut off: often less than one frame. */
const LEASE = 1_000_000

const source = fileURLToPath(new URL('../support/binary-source.mjs', import.meta.url))
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const residentMb = (pid: number | undefined) => {
  if (pid === undefined) return 0
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

it('a viewer prints the exact bytes through 1,000 disconnects and 100 restarts of the daemon', async () => {
  const world = new World()
  // The viewer sees another home, where the socket is a bad network in front of the real one.
  const viewerHome = { REMOTE_HOME: join(world.dir, 'viewer') }
  const seenThere = paths({ ...world.env, ...viewerHome })
  const proxy = await openCuttingProxy(paths({ ...world.env, ...viewerHome }).socket, world.paths.socket, () =>
    Math.floor(Math.random() * LEASE),
  )
  // With this nobody starts a daemon there: the one behind the bad network is the viewer's.
  mkdirSync(seenThere.data, { recursive: true, mode: 0o700 })
  const lock = takeDaemonLock(seenThere.lock)
  expect(lock).toBeDefined()
  await world.startDaemon()
  const expected = spawnSync(process.execPath, [source, String(MEGABYTES), '0'], { maxBuffer: 2 * MEGABYTES * 1024 * 1024 })
  const { id } = await world.shell(`node ${source} ${MEGABYTES} ${SECONDS}`, { sandbox: 'off' })

  const memory = { daemon: [] as number[], runner: [] as number[] }
  const restart = async () => {
    for (let n = 0; n < RESTARTS; n++) {
      memory.daemon.push(residentMb(world.daemonPid()))
      memory.runner.push(residentMb(world.runnerPids(id)[0]))
      await world.killDaemon('SIGKILL')
      expect(await world.startDaemon()).toMatchObject({ ready: true })
      await setTimeout(LIFE_MS)
    }
  }
  const view = async () => {
    const seen = await world.cli(['attach', id, '--quiet', '--from', '1.1'], { env: viewerHome })
    if (seen.code !== 0) throw new Error(`the viewer ended with ${seen.code}: ${seen.stderr.slice(-500)}`)
    expect({ code: seen.code, stderr: seen.stderr.length }).toEqual({ code: 0, stderr: expected.stderr.toString().length })
    expect(digest(seen.stdout)).toBe(digest(expected.stdout))
    return seen
  }
  let viewers = 0
  const viewAgain = async () => {
    for (; proxy.cuts() < CUTS; viewers++) await view()
  }
  await Promise.all([restart(), viewAgain()])

  expect(proxy.cuts()).toBeGreaterThanOrEqual(CUTS)
  const stderr = await world.cli(['logs', id, '--quiet'])
  expect(digest(stderr.stdout)).toBe(digest(expected.stdout))
  const highest = (figures: number[]) => Math.round(Math.max(...figures))
  console.log(
    `${proxy.cuts()} cuts, ${RESTARTS} restarts, ${viewers} viewers; daemon at most ${highest(memory.daemon)} MB, runner at most ${highest(memory.runner)} MB`,
  )
  expect((await world.ended(id)).outcome).toMatchObject({ outcome: 'succeeded' })
  lock?.release()
  await proxy.close()
  await world.close()
}, 300_000)
