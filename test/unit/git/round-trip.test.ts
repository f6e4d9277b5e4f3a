import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkout } from '../../../agent-bootstrap/git/checkout.ts'
import { bringHome } from '../../../cli/git/bring-home.ts'
import { ship } from '../../../cli/git/ship.ts'
import { type GitWorld, listing, openGitWorld, untouchables } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

describe('a working tree on its way to a machine and home', () => {
  it('brings a change of the same size that was made in the tick of the commit', async () => {
    for (let n = 0; n < 12; n++) {
      const dir = world.repository(`quick-${n}`, { 'a.txt': '1\n' })
      world.write(dir, { 'a.txt': '2\n' })
      const { source } = await world.snap(dir)
      expect(source.commit).not.toBe(world.git(dir, 'rev-parse', 'HEAD').trim())
    }
  })

  it('arrives as it is, and nothing of the user is touched', async () => {
    const dir = world.repository('dirty', {
      'a.txt': 'a\n',
      'b.txt': 'b\n',
      'c.txt': 'c\n',
      'dir/d.txt': 'd\n',
      'run.sh': '#!/bin/sh\n',
      '.gitignore': 'ignored\n',
    })
    writeFileSync(join(dir, 'a.txt'), 'staged\n')
    world.git(dir, 'add', 'a.txt')
    writeFileSync(join(dir, 'a.txt'), 'unstaged on top\n')
    rmSync(join(dir, 'b.txt'))
    renameSync(join(dir, 'c.txt'), join(dir, 'renamed.txt'))
    chmodSync(join(dir, 'run.sh'), 0o755)
    symlinkSync('dir/d.txt', join(dir, 'link'))
    world.write(dir, { 'new/untracked.txt': 'new\n', ignored: 'secret\n', 'odd\nname "x"': 'odd\n' })
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/caf`), Buffer.from([0xe9])]), 'latin1\n')
    const before = untouchables(world, dir)
    const { workDir, base, snapshot } = await world.roundTrip(dir)
    expect(untouchables(world, dir)).toEqual(before)
    expect(listing(workDir)).toEqual(listing(dir, (path) => path === 'ignored'))
    expect(world.git(workDir, 'status', '--porcelain')).toBe('')
    expect(base).toBe(snapshot.source.commit)
    expect(world.git(workDir, 'rev-parse', 'HEAD~1', 'main').split('\n').slice(0, 2)).toEqual([
      snapshot.source.head,
      snapshot.source.head,
    ])
    world.git(workDir, 'fsck', '--strict')
  })

  it('is HEAD itself when nothing differs, and is not sent twice', async () => {
    const dir = world.repository('clean')
    const first = await world.snap(dir)
    expect(first.source.commit).toBe(world.git(dir, 'rev-parse', 'HEAD').trim())
    expect((await world.send(first)).bytes).toBeGreaterThan(0)
    expect(await world.send(await world.snap(dir))).toEqual({ bytes: 0 })
  })

  it('gives the same commit for the same tree, and then carries only what is new', async () => {
    const dir = world.repository('twice', {
      'big.bin': Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7919 * (n >> 3)) % 251)),
    })
    const first = await world.roundTrip(dir)
    writeFileSync(join(dir, 'more.txt'), 'more\n')
    const [one, two] = [await world.snap(dir), await world.snap(dir)]
    expect(one.source.commit).toBe(two.source.commit)
    expect((await world.send(one)).bytes).toBeLessThan(2000)
    const second = await world.arrive(one)
    expect(listing(second.workDir)).toEqual(listing(dir))
    expect(first.base).toBe(one.source.head)
  })

  it('comes home as a branch with what was committed and what was left', async () => {
    const dir = world.repository('home', { 'a.txt': 'a\n' })
    writeFileSync(join(dir, 'mine.txt'), 'uncommitted\n')
    const arrived = await world.roundTrip(dir)
    writeFileSync(join(arrived.workDir, 'a.txt'), 'changed\n')
    execFileSync('git', ['commit', '-qam', 'by the agent'], { cwd: arrived.workDir, env: world.env })
    writeFileSync(join(arrived.workDir, 'b.txt'), 'left\nover\n')
    const { result } = await world.collect(arrived, 'add b\nand more')
    expect(result).toMatchObject({ branch: arrived.branch, base: arrived.base, files: 2, insertions: 3, deletions: 1 })
    const before = untouchables(world, dir)
    const id = arrived.branch.slice('remote/'.length)
    const home = () => bringHome({ repositoryDir: dir, session: { id, result }, download: world.get, env: world.env })
    expect(await home()).toEqual({ branch: arrived.branch, commit: result.commit, dir: realpathSync(dir), done: 'created' })
    expect(await home()).toMatchObject({ done: 'unchanged' })
    expect(world.git(dir, 'log', '--format=%s %an', `${arrived.base}..${arrived.branch}`)).toBe('add b Ada\nby the agent Ada\n')
    world.git(dir, 'fsck', '--strict')
    expect(listing(dir)).toEqual((before as { work: unknown }).work)
    expect(readFileSync(join(dir, 'mine.txt'), 'utf8')).toBe('uncommitted\n')
  })

  it('leaves out of the result what the user ignores by rules outside of the tree', async () => {
    const dir = world.repository('outer-rules')
    writeFileSync(join(dir, '.git/info/exclude'), '# mine\n/local.log\n')
    world.write(world.dirs.home, { '.config/git/ignore': 'node_modules/\n*.log\n!keep.log\n' })
    const arrived = await world.roundTrip(dir)
    expect(arrived.snapshot.source.ignore).toBe('node_modules/\n*.log\n!keep.log\n/local.log\n')
    world.write(arrived.workDir, { 'node_modules/dep.js': 'd', 'local.log': 'l', 'keep.log': 'k', 'b.log': 'b' })
    expect(world.git(arrived.workDir, 'status', '--porcelain')).toBe('?? keep.log\n')
    rmSync(join(world.dirs.home, '.config'), { recursive: true })
    expect((await world.collect(arrived)).result.files).toBe(1)
  })

  it('brings nothing home when nothing was changed', async () => {
    const arrived = await world.roundTrip(world.repository('idle'))
    expect(await world.collect(arrived)).toEqual({
      result: { branch: arrived.branch, base: arrived.base, commit: arrived.base, files: 0, insertions: 0, deletions: 0 },
      notices: [],
    })
  })

  it('has the line endings that git stores, where the user lets git convert them', async () => {
    const dir = world.repository('crlf', { '.gitattributes': 'kept.txt -text\n', 'kept.txt': 'kept\r\n', 'text.txt': 'one\n' })
    world.git(dir, 'config', 'core.autocrlf', 'true')
    world.git(dir, 'config', 'core.safecrlf', 'true')
    world.write(dir, { 'text.txt': 'two\r\n', 'new.txt': 'new\r\nmixed\n' })
    const { workDir } = await world.roundTrip(dir)
    expect(readFileSync(join(workDir, 'kept.txt'), 'utf8')).toBe('kept\r\n')
    expect(readFileSync(join(workDir, 'text.txt'), 'utf8')).toBe('two\n')
    expect(readFileSync(join(workDir, 'new.txt'), 'utf8')).toBe('new\nmixed\n')
  })

  it('warns of a huge file that nobody tracks', async () => {
    const dir = world.repository('huge')
    world.write(dir, { 'core.dump': '' })
    truncateSync(join(dir, 'core.dump'), 60 * 1024 ** 2)
    const { warnings, stats } = await world.snap(dir)
    expect(warnings).toEqual([expect.stringContaining('core.dump is untracked and has 60 MB')])
    expect(stats).toEqual({ files: 1, bytes: 60 * 1024 ** 2 })
  })

  it('is kept for an agent whose runner died, and made anew for a command', async () => {
    const snapshot = await world.snap(world.repository('again', { 'a.txt': 'a\n' }))
    await world.send(snapshot)
    for (const [agent, expected] of [
      ['claude', 'half done\n'],
      ['shell', 'a\n'],
    ] as const) {
      const { workDir, spec, base } = await world.arrive(snapshot, { agent })
      world.write(workDir, { 'a.txt': 'half done\n' })
      const again = await checkout({
        spec,
        cacheDir: world.dirs.cache,
        workDir,
        fetchBundle: async () => 'nothing is fetched again',
      })
      expect(again).toEqual({ branch: spec.branch, base })
      expect(readFileSync(join(workDir, 'a.txt'), 'utf8')).toBe(expected)
    }
  })

  it('has no locks of a git that was killed when an agent goes on in it, and a link leads to nobody else’s', async () => {
    const snapshot = await world.snap(world.repository('locked', { 'a.txt': 'a\n' }))
    await world.send(snapshot)
    const { workDir, spec, branch } = await world.arrive(snapshot, { agent: 'claude' })
    const again = () => checkout({ spec, cacheDir: world.dirs.cache, workDir, fetchBundle: async () => '' })
    const locks = ['index.lock', 'HEAD.lock', `refs/heads/${branch}.lock`]
    world.write(join(workDir, '.git'), Object.fromEntries(locks.map((name) => [name, ''])))
    await again()
    world.write(workDir, { 'a.txt': 'more\n' })
    world.git(workDir, 'commit', '-qam', 'goes on')

    const others = join(world.root, 'others')
    world.write(others, { 'index.lock': '', 'heads/remote/x.lock': '' })
    for (const [inside, outside] of [
      ['refs', others],
      ['', others],
    ] as const) {
      rmSync(join(workDir, '.git', inside), { recursive: true })
      symlinkSync(outside, join(workDir, '.git', inside).replace(/\/$/, ''))
      await again()
    }
    expect(Object.keys(listing(others)).sort()).toEqual(['heads/remote/x.lock', 'index.lock'])
  })

  it('reports how far it is', async () => {
    const snapshot = await world.snap(world.repository('far', { 'f.txt': `${Math.random()}` }))
    const seen: number[] = []
    const upload: Parameters<typeof ship>[0]['upload'] = async (_sha256, _file, bytes, _facts, onBytes) => {
      onBytes(Math.floor(bytes / 2))
      onBytes(bytes)
    }
    await ship({ snapshot, known: world.known, upload, tmpDir: world.dirs.tmp, onProgress: ({ percent }) => seen.push(percent) })
    expect(seen).toEqual([expect.closeTo(50, -1), 100])
  })
})
