import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bringHome } from '../../../cli/git/bring-home.ts'
import type { DispatchInput } from '../../../core/contract/dispatch.ts'
import { type Arrived, type GitWorld, listing, openGitWorld } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

let count = 0
/** A user's repository, and one session after the other in one workspace. */
const open = () => {
  const dir = world.repository(`user-${++count}`, { 'a.txt': '1\n2\n3\n4\n5\n', 'b.txt': 'b\n', '.gitignore': 'node_modules/\n' })
  const workspace = join(world.root, `workspace-${count}`)
  mkdirSync(workspace)
  const session = async (more: Partial<DispatchInput> = {}): Promise<Arrived> => {
    const snapshot = await world.snap(dir)
    await world.send(snapshot)
    return world.arrive(snapshot, more, undefined, workspace)
  }
  return { dir, workDir: join(workspace, 'work'), session }
}
const read = (dir: string, path: string) => readFileSync(join(dir, path), 'utf8')

describe('a workspace', () => {
  it('begins with the snapshot and goes on with its own state, ignored files too', async () => {
    const { dir, workDir, session } = open()
    const first = await session()
    world.write(workDir, { 'by-first.txt': 'x\n', 'node_modules/dep.js': 'dep\n' })
    world.git(workDir, 'add', '-A')
    world.git(workDir, 'commit', '-qm', 'first session')
    world.write(workDir, { 'left.txt': 'not committed\n' })
    await world.collect(first)
    const second = await session()
    expect(read(workDir, 'node_modules/dep.js')).toBe('dep\n')
    expect(read(workDir, 'left.txt')).toBe('not committed\n')
    expect(world.git(workDir, 'status', '--porcelain')).toBe('')
    expect(world.git(workDir, 'log', '--format=%s')).toContain('first session')
    world.write(workDir, { 'by-second.txt': 'y\n' })
    const { result } = await world.collect(second)
    expect(result.files).toBe(1)
    await bringHome({ repositoryDir: dir, session: { id: second.branch.slice(7), result }, download: world.get, env: world.env })
    expect(world.git(dir, 'ls-tree', '--name-only', second.branch)).toContain('by-first.txt\nby-second.txt\nleft.txt')
    world.git(workDir, 'fsck', '--full')
  })

  it('takes what is new of the user when it has nothing of its own', async () => {
    const { dir, workDir, session } = open()
    await session()
    world.write(dir, { 'b.txt': 'new\n' })
    rmSync(join(dir, 'a.txt'))
    await session()
    expect(listing(workDir)).toEqual(listing(dir))
  })

  it('merges what is new of the user, committed or not, with its own', async () => {
    const { dir, workDir, session } = open()
    world.write(dir, { 'draft.txt': 'uncommitted in the first\n' })
    await session()
    world.write(workDir, { 'a.txt': '1\n2\n3\n4\nfive\n' })
    world.write(dir, { 'a.txt': 'one\n2\n3\n4\n5\n', 'draft.txt': 'changed since\n' })
    world.git(dir, 'add', '-A')
    world.git(dir, 'commit', '-qm', 'mine')
    world.write(dir, { 'b.txt': 'again\n' })
    await session()
    expect(read(workDir, 'a.txt')).toBe('one\n2\n3\n4\nfive\n')
    expect(read(workDir, 'b.txt')).toBe('again\n')
    expect(read(workDir, 'draft.txt')).toBe('changed since\n')
    const { base } = await session()
    expect(world.git(workDir, 'status', '--porcelain')).toBe('')
    expect(base).toBe(world.git(workDir, 'rev-parse', 'HEAD').trim())
  })

  it('refuses when both changed the same lines, until one side is said to win', async () => {
    const { dir, workDir, session } = open()
    await session()
    world.write(workDir, { 'b.txt': 'theirs\n', 'own.txt': 'o\n' })
    world.write(dir, { 'b.txt': 'mine\n' })
    await expect(session()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('both changed b.txt') })
    await expect(session()).rejects.toMatchObject({ code: 'refused' })
    expect(read(workDir, 'b.txt')).toBe('theirs\n')
    await session({ from: 'workspace' })
    expect([read(workDir, 'b.txt'), read(workDir, 'own.txt')]).toEqual(['theirs\n', 'o\n'])
    world.write(dir, { 'b.txt': 'mine again\n' })
    await session({ from: 'mine' })
    expect(listing(workDir)).toEqual(listing(dir))
  })

  it('takes nothing over from the git directory of the agent before', async () => {
    const { workDir, session } = open()
    await session()
    writeFileSync(join(workDir, '.git/config'), '[core]\n\tfsmonitor = /planted\n')
    world.write(workDir, { 'x.txt': 'x\n' })
    await session()
    expect(read(workDir, '.git/config')).not.toContain('planted')
    expect(read(workDir, 'x.txt')).toBe('x\n')
  })

  it('goes on after a crash in the middle of its first checkout', async () => {
    const { workDir, session } = open()
    await session()
    const git = join(workDir, '../git')
    rmSync(join(git, 'remote.json')) // the checkout's last act did not happen
    writeFileSync(join(git, 'begun'), '')
    rmSync(join(workDir, 'b.txt'))
    await session()
    expect(read(workDir, 'b.txt')).toBe('b\n')
  })

  it.each([
    ['had the index', 'index.lock'],
    ['wrote the bundle', 'result.bundle.lock'],
  ])('brings its changes home although a git was killed while it %s', async (_, lock) => {
    const { workDir, session } = open()
    const arrived = await session()
    world.write(workDir, { 'new.txt': 'new\n' })
    writeFileSync(join(workDir, '../git', lock), '')
    expect((await world.collect(arrived)).result.files).toBe(1)
  })

  it('fills a submodule whose checkout a crash cut off', async () => {
    const { dir, workDir, session } = open()
    await session()
    const library = pathToFileURL(world.repository(`library-${count}`, { 'lib.txt': 'l\n' })).href
    world.git(dir, 'submodule', 'add', '-q', library, 'lib')
    world.git(dir, 'commit', '-qam', 'a library')
    const own = join(workDir, 'lib/.git')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'config'), '[filter "planted"]\n')
    await session()
    expect(read(workDir, 'lib/lib.txt')).toBe('l\n')
    expect(read(own, 'config')).not.toContain('planted')
    rmSync(join(workDir, 'lib/lib.txt'))
    await session()
    expect(existsSync(join(workDir, 'lib/lib.txt'))).toBe(false)
  })

  it('is not emptied for another repository', async () => {
    const { workDir, session } = open()
    await session()
    const other = await world.snap(world.repository(`other-${count}`, { 'other.txt': 'o\n' }))
    await world.send(other)
    const arrive = (more: Partial<DispatchInput> = {}) => world.arrive(other, more, undefined, join(workDir, '..'))
    await expect(arrive()).rejects.toMatchObject({ code: 'refused' })
    expect(read(workDir, 'b.txt')).toBe('b\n')
    await arrive({ from: 'mine' })
    expect(Object.keys(listing(workDir))).toEqual(['other.txt'])
  })
})
