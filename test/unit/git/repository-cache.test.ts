import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GitWorld, openGitWorld } from './git-world.ts'

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
