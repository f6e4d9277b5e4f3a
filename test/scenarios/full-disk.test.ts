import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { World } from '../support/world.ts'

/** A world in which one directory is a small disk of its own. */
const withSmallDisk = async (dir: (world: World) => string, use: (world: World) => Promise<void>) => {
  const world = new World()
  const place = dir(world)
  mkdirSync(place, { recursive: true, mode: 0o700 })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', place])
  try {
    if (mounted.status !== 0)
      throw new Error(`not proved: a full disk needs a small file system, and mounting one needs root: ${mounted.stderr}`)
    await use(world)
    await world.killDaemon('SIGTERM')
  } finally {
    spawnSync('umount', ['-l', place])
    await world.close()
  }
}

/** It cannot be packed into less. */
const large = (world: World) => {
  const cwd = world.repository()
  writeFileSync(join(cwd, 'large'), randomBytes(3 << 20))
  return cwd
}

it('a repository that finds no room where it is stored is told so, and that it can be sent again', async () => {
  await withSmallDisk(
    ({ paths }) => paths.bundles,
    async (world) => {
      const { code, stderr } = await world.cli(['dispatch', '--agent', 'shell', 'true'], { cwd: large(world) })
      expect(stderr).toMatch(/the disk of .* is full\n {2}free some space/)
      expect(code).toBe(75)
    },
  )
})

it('a session whose repository finds no room on its machine ends, and says why', async () => {
  await withSmallDisk(
    ({ paths }) => paths.sessions,
    async (world) => {
      const { code, out } = await world.cli(['dispatch', '--agent', 'shell', 'true', '--json'], { cwd: large(world) })
      expect((JSON.parse(out) as Session).outcome).toMatchObject({ outcome: 'failed', code: 'disk_full' })
      expect(code).toBe(1)
    },
  )
})

it('a setting that finds no room is refused for that', async () => {
  await withSmallDisk(
    ({ paths }) => paths.config,
    async (world) => {
      spawnSync('dd', ['if=/dev/zero', `of=${join(world.paths.config, 'fill')}`, 'bs=64k'])
      const { code, stderr } = await world.cli(['config', 'set', 'ttl', '2h'])
      expect(stderr).toMatch(/a disk is full \(ENOSPC\)\n {2}free some space/)
      expect(code).toBe(5)
    },
  )
})

it('output that finds no room is an error, however little it is', async () => {
  const world = new World()
  for (const verb of ['version', 'catalogue']) {
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', '"$@" > /dev/full', 'sh', process.execPath, 'dist/remote.cjs', verb, '--json'],
      {
        env: world.env,
        encoding: 'utf8',
      },
    )
    expect(stderr).toMatch(/could not be written.*ENOSPC/)
    expect(status).toBe(5)
  }
  await world.close()
})
