import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GitWorld, listing, openGitWorld } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

it('snapshots in the cache are nobody else’s to read, also where an older version made their folder', async () => {
  const repositories = join(world.dirs.cache, 'repositories')
  mkdirSync(repositories)
  chmodSync(repositories, 0o755)
  await world.roundTrip(world.repository('private'))
  expect(statSync(repositories).mode & 0o777).toBe(0o700)
})

it('takes work that began before the commit the user was at', async () => {
  const dir = world.repository('rewound', { 'a.txt': '1\n' })
  for (const n of [2, 3]) {
    world.write(dir, { 'a.txt': `${n}\n` })
    world.git(dir, 'commit', '-qam', `${n}`)
  }
  const arrived = await world.roundTrip(dir)
  world.git(arrived.workDir, 'reset', '-q', '--hard', 'HEAD~1')
  world.write(arrived.workDir, { 'b.txt': 'new\n' })
  world.git(arrived.workDir, 'add', 'b.txt')
  world.git(arrived.workDir, 'commit', '-qm', 'another way')
  const { result } = await world.collect(arrived)
  rmSync(join(world.dirs.cache, 'repositories'), { recursive: true }) // another machine
  const bundle = world.stored.find(({ sha256 }) => sha256 === result.bundle)
  const resumed = await world.arrive(
    arrived.snapshot,
    {},
    { commit: result.commit, ...(bundle && { bundle: world.ref(bundle) }) },
  )
  expect(listing(resumed.workDir)).toEqual(listing(arrived.workDir))
})
