import { existsSync, lstatSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GitWorld, listing, openGitWorld } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

const place = (name: string) => join(world.dirs.repositories, name)
const origin = (name: string): string => {
  const dir = world.repository(name, { name, 'a.txt': 'one\n', 'dir/in.txt': 'in\n' })
  world.write(dir, { 'a.txt': 'two\n' })
  world.git(dir, 'commit', '-qam', 'second')
  return dir
}

describe('what cannot arrive is refused with the reason', () => {
  it('unresolved conflicts', async () => {
    const dir = origin('conflict')
    world.git(dir, 'checkout', '-qb', 'side', 'HEAD~1')
    world.write(dir, { 'a.txt': 'side\n' })
    world.git(dir, 'commit', '-qam', 'side')
    expect(() => world.git(dir, 'merge', '-q', 'main')).toThrow()
    await expect(world.snap(dir)).rejects.toMatchObject({ message: 'there are unresolved conflicts: a.txt' })
    expect((await world.snap(dir, { ref: 'HEAD' })).source.commit).toBe(world.git(dir, 'rev-parse', 'HEAD').trim())
  })

  it('a repository inside that is no submodule', async () => {
    const dir = origin('outer')
    world.git(dir, 'init', '-q', 'inner')
    await expect(world.snap(dir)).rejects.toMatchObject({
      message: expect.stringContaining('inner/ is a git repository of its own'),
    })
    writeFileSync(join(dir, '.git/info/exclude'), '/inner/\n')
    await world.snap(dir)
  })

  it('contents that only Git LFS has, unless the user wants what git stores', async () => {
    const dir = origin('lfs')
    world.git(dir, 'lfs', 'install', '--local')
    world.write(dir, {
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      'model.bin': Buffer.alloc(5000, 3),
      'plain.txt': 'p\n',
    })
    world.git(dir, 'add', '-A')
    world.git(dir, 'commit', '-qm', 'model')
    await expect(world.snap(dir)).rejects.toMatchObject({
      message: expect.stringContaining('model.bin: git stores it as pointers to Git LFS'),
    })
    const allowed = await world.snap(dir, { env: { ...world.env, REMOTE_FILTERED: 'stored' } })
    expect(allowed.warnings).toHaveLength(1)
    rmSync(join(dir, 'model.bin'))
    world.write(dir, { 'fresh.bin': Buffer.alloc(100, 4) })
    await expect(world.snap(dir)).rejects.toMatchObject({ message: expect.stringContaining('fresh.bin') })
  })

  it('a place that is not a repository, a commit that does not exist, a directory outside', async () => {
    await expect(world.snap(world.dirs.home)).rejects.toMatchObject({
      message: expect.stringContaining('is not in a git repository'),
    })
    const dir = origin('plain')
    await expect(world.snap(dir, { ref: 'nope' })).rejects.toMatchObject({
      message: 'there is no commit nope in this repository',
    })
    await expect(world.snap(dir, { ref: '--all' })).rejects.toMatchObject({ code: 'repository' })
    await expect(world.snap(dir, { cwd: '../x' })).rejects.toMatchObject({ message: '../x is outside of the repository' })
    await expect(world.snap(dir, { cwd: 'nope' })).rejects.toMatchObject({
      message: 'there is no directory nope in the repository',
    })
  })

  it('a damaged index', async () => {
    const dir = origin('damaged')
    truncateSync(join(dir, '.git/index'), 40)
    await expect(world.snap(dir)).rejects.toMatchObject({ code: 'repository' })
  })
})

describe('other commits than the working tree', () => {
  it('a named commit leaves the working tree out, in a bare repository too', async () => {
    const from = origin('with-bare')
    world.write(from, { 'a.txt': 'dirty\n' })
    world.git(world.root, 'clone', '-q', '--bare', from, place('bare.git'))
    const snapshot = await world.snap(from, { ref: 'HEAD~1' })
    expect(snapshot.source.commit).toBe(world.git(from, 'rev-parse', 'HEAD~1').trim())
    await world.send(snapshot)
    expect(listing((await world.arrive(snapshot)).workDir)).not.toEqual(listing(from))
    const bare = await world.roundTrip(place('bare.git'))
    expect(bare.snapshot.source).toMatchObject({ name: 'bare', id: snapshot.source.id })
    expect(existsSync(join(bare.workDir, 'a.txt'))).toBe(true)
  })

  it('says where the user stood, and works for a directory that git does not carry', async () => {
    const dir = origin('standing')
    expect((await world.snap(join(dir, 'dir'))).cwdInside).toBe('dir')
    expect((await world.snap(dir, { cwd: 'dir/' })).cwdInside).toBe('dir')
    mkdirSync(join(dir, 'empty/deep'), { recursive: true })
    const snapshot = await world.snap(join(dir, 'empty/deep'))
    await world.send(snapshot)
    const { workDir } = await world.arrive(snapshot, { cwd: snapshot.cwdInside })
    expect(lstatSync(join(workDir, 'empty/deep')).isDirectory()).toBe(true)
  })
})
