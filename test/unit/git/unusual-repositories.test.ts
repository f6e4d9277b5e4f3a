import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bringHome } from '../../../cli/git/bring-home.ts'
import { type GitWorld, listing, openGitWorld, untouchables } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

const place = (name: string) => join(world.dirs.repositories, name)
/** A repository with three commits, on one more branch, to be cloned in odd ways. */
const origin = (name: string): string => {
  const dir = world.repository(name, { name, 'a.txt': 'one\n', 'old.bin': Buffer.alloc(50_000, 7), 'dir/in.txt': 'in\n' })
  world.git(dir, 'rm', '-q', 'old.bin')
  world.git(dir, 'commit', '-qm', 'second')
  world.write(dir, { 'a.txt': 'two\n' })
  world.git(dir, 'commit', '-qam', 'third')
  return dir
}
const equalAndUntouched = async (dir: string, expected = () => listing(dir)) => {
  const before = untouchables(world, dir)
  const arrived = await world.roundTrip(dir)
  expect(untouchables(world, dir)).toEqual(before)
  expect(listing(arrived.workDir)).toEqual(expected())
  expect(world.git(arrived.workDir, 'status', '--porcelain', '--ignore-submodules=all')).toBe('')
  world.git(arrived.workDir, 'fsck', '--strict', '--full')
  return arrived
}

describe('unusual repositories arrive whole', () => {
  it('a shallow clone, whose result comes home', async () => {
    const from = origin('deep')
    world.git(world.root, 'clone', '-q', '--depth', '1', pathToFileURL(from).href, place('shallow'))
    const dir = place('shallow')
    world.write(dir, { 'a.txt': 'changed\n' })
    const arrived = await equalAndUntouched(dir)
    expect(arrived.snapshot.source.shallow).toEqual([world.git(dir, 'rev-parse', 'HEAD').trim()])
    expect(world.git(arrived.workDir, 'log', '--format=%s').split('\n')).toHaveLength(3)
    world.write(arrived.workDir, { 'by-agent.txt': 'x\n' })
    const { result } = await world.collect(arrived)
    const id = arrived.branch.slice('remote/'.length)
    await bringHome({ repositoryDir: dir, session: { id, result }, download: world.get, env: world.env })
    world.git(dir, 'fsck', '--full', '--connectivity-only')
    expect(world.git(dir, 'show', `${arrived.branch}:by-agent.txt`)).toBe('x\n')
  })

  it('a shallow and a full clone of one repository do not share a store', async () => {
    const from = origin('both')
    world.git(world.root, 'clone', '-q', '--depth', '1', pathToFileURL(from).href, place('both-shallow'))
    const [cut, full] = [await world.snap(place('both-shallow')), await world.snap(from)]
    expect(cut.source.commit).toBe(full.source.commit)
    expect(cut.source.id).not.toBe(full.source.id)
    await world.send(cut)
    await world.send(full)
    expect(world.git((await world.arrive(full)).workDir, 'rev-list', '--count', 'HEAD')).toBe('3\n')
  })

  it('a partial clone, without asking its server', async () => {
    const from = origin('promising')
    world.git(from, 'config', 'uploadpack.allowFilter', 'true')
    world.git(world.root, 'clone', '-q', '--filter=blob:none', pathToFileURL(from).href, place('partial'))
    renameSync(from, `${from}-away`)
    world.write(place('partial'), { 'new.txt': 'new\n' })
    await equalAndUntouched(place('partial'))
  })

  it('a partial clone that lacks needed files is refused', async () => {
    const from = origin('sparse-promising')
    world.git(from, 'config', 'uploadpack.allowFilter', 'true')
    world.git(world.root, 'clone', '-q', '--filter=blob:none', '--sparse', pathToFileURL(from).href, place('partial-sparse'))
    world.write(place('partial-sparse'), { 'new.txt': 'new\n' })
    await expect(world.roundTrip(place('partial-sparse'))).rejects.toMatchObject({
      code: 'repository',
      message: expect.stringContaining('partial clone'),
    })
  })

  it('a sparse checkout: what is not checked out is not a deletion', async () => {
    const dir = world.repository('sparse', { 'top.txt': 't\n', 'in/a.txt': 'a\n', 'out/b.txt': 'b\n' })
    const whole = listing(dir)
    world.git(dir, 'sparse-checkout', 'set', 'in')
    expect(existsSync(join(dir, 'out'))).toBe(false)
    world.write(dir, { 'in/new.txt': 'n\n' })
    await equalAndUntouched(dir, () => ({ ...whole, ...listing(dir) }))
  })

  it('files that git was told to overlook, as they are on disk', async () => {
    const dir = world.repository('hidden', { 'assume.txt': 'a\n', 'skip.txt': 's\n', 'other.txt': 'o\n' })
    world.git(dir, 'update-index', '--assume-unchanged', 'assume.txt')
    world.git(dir, 'update-index', '--skip-worktree', 'skip.txt')
    world.write(dir, { 'assume.txt': 'changed\n', 'skip.txt': 'changed too\n' })
    await equalAndUntouched(dir)
  })

  it('a linked worktree', async () => {
    const dir = origin('main-tree')
    world.git(dir, 'worktree', 'add', '-q', '-b', 'side', place('linked'))
    world.write(place('linked'), { 'only-here.txt': 'x\n' })
    const arrived = await equalAndUntouched(place('linked'))
    expect(arrived.snapshot.source.branch).toBe('side')
    expect(world.git(arrived.workDir, 'rev-list', '--count', 'side')).toBe('3\n')
  })

  it('a repository without a commit, and its result comes home', async () => {
    const dir = world.repository('unborn', {})
    world.write(dir, { 'first.txt': 'x\n' })
    const arrived = await equalAndUntouched(dir)
    expect(arrived.snapshot.source.head).toBeUndefined()
    world.write(arrived.workDir, { 'second.txt': 'y\n' })
    const { result } = await world.collect(arrived)
    await bringHome({ repositoryDir: dir, session: { id: arrived.branch.slice(7), result }, download: world.get, env: world.env })
    expect(world.git(dir, 'ls-tree', '--name-only', arrived.branch)).toBe('first.txt\nsecond.txt\n')
    await equalAndUntouched(world.repository('quite-empty', {}))
  })

  it('a submodule with its files, also when its commit was never pushed', async () => {
    const lib = origin('lib')
    const dir = origin('super')
    world.git(dir, 'submodule', 'add', '-q', pathToFileURL(lib).href, 'libs/lib')
    world.git(dir, 'commit', '-qm', 'with lib')
    await equalAndUntouched(dir)
    world.write(join(dir, 'libs/lib'), { 'unpushed.txt': 'u\n' })
    world.git(join(dir, 'libs/lib'), 'add', '-A')
    world.git(join(dir, 'libs/lib'), 'commit', '-qm', 'unpushed')
    world.write(dir, { 'a.txt': 'changed\n' })
    await equalAndUntouched(dir)
    world.write(join(dir, 'libs/lib'), { 'a.txt': 'dirty\n' })
    await expect(world.roundTrip(dir)).rejects.toMatchObject({ message: 'uncommitted changes in submodule libs/lib' })
  })

  it('a submodule without files is an empty directory there too', async () => {
    const from = origin('with-absent')
    world.git(from, 'submodule', 'add', '-q', pathToFileURL(origin('absent')).href, 'absent')
    world.git(from, 'commit', '-qm', 'with absent')
    world.git(world.root, 'clone', '-q', pathToFileURL(from).href, place('not-initialised'))
    await equalAndUntouched(place('not-initialised'))
  })

  it('entries without content, kind changes, and paths behind a symbolic link', async () => {
    const dir = world.repository('kinds', {
      file: 'f\n',
      'dir/x': 'x\n',
      'dir/y': 'y\n',
      'other/x': 'x\n',
      link: 'l\n',
      'gone/z': 'z\n',
    })
    world.write(dir, { intent: 'to add\n' })
    world.git(dir, 'add', '-N', 'intent')
    rmSync(join(dir, 'file'))
    world.write(dir, { 'file/now/a-dir': 'd\n' })
    rmSync(join(dir, 'dir'), { recursive: true })
    symlinkSync('other', join(dir, 'dir'))
    rmSync(join(dir, 'gone'), { recursive: true })
    world.write(dir, { gone: 'a file now\n' })
    rmSync(join(dir, 'link'))
    symlinkSync('nowhere', join(dir, 'link'))
    mkdirSync(join(dir, 'empty'))
    await equalAndUntouched(dir)
  })

  it('a repository of SHA-256 objects', async () => {
    const dir = place('sha256')
    world.git(world.root, 'init', '-q', '--object-format=sha256', dir)
    world.write(dir, { 'a.txt': 'a\n' })
    world.git(dir, 'add', '-A')
    world.git(dir, 'commit', '-qm', 'first')
    world.write(dir, { 'b.txt': 'b\n' })
    const arrived = await equalAndUntouched(dir)
    world.write(arrived.workDir, { 'c.txt': 'c\n' })
    const { result } = await world.collect(arrived)
    await bringHome({ repositoryDir: dir, session: { id: arrived.branch.slice(7), result }, download: world.get, env: world.env })
    expect(world.git(dir, 'show', `${arrived.branch}:c.txt`)).toBe('c\n')
  })

  it('a split index, an index with untracked cache, and a merge in progress', async () => {
    const dir = origin('split')
    world.git(dir, 'config', 'core.splitIndex', 'true')
    world.git(dir, 'config', 'core.untrackedCache', 'true')
    world.git(dir, 'update-index', '--split-index', '--untracked-cache')
    world.git(dir, 'checkout', '-qb', 'side', 'HEAD~1')
    world.write(dir, { 'side.txt': 's\n' })
    world.git(dir, 'add', '-A')
    world.git(dir, 'commit', '-qm', 'side')
    world.git(dir, 'merge', '-q', '--no-commit', '--no-ff', 'main')
    world.write(dir, { 'more.txt': 'm\n' })
    await equalAndUntouched(dir)
  })

  it('no hook and no monitor of the user is run', async () => {
    const dir = origin('hooked')
    const witness = join(world.root, 'witness')
    for (const hook of ['post-index-change', 'reference-transaction', 'pre-commit', 'post-checkout']) {
      writeFileSync(join(dir, '.git/hooks', hook), `#!/bin/sh\ntouch ${witness}\n`, { mode: 0o755 })
    }
    writeFileSync(join(dir, '.git/monitor'), `#!/bin/sh\ntouch ${witness}\n`, { mode: 0o755 })
    world.git(dir, 'config', 'core.fsmonitor', '.git/monitor')
    world.write(dir, { 'new.txt': 'n\n' })
    await world.send(await world.snap(dir))
    expect(existsSync(witness)).toBe(false)
  })
})
