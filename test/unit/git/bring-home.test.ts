import { appendFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BringHome, bringHome } from '../../../cli/git/bring-home.ts'
import { showDiff } from '../../../cli/git/show-diff.ts'
import { type GitWorld, openGitWorld, untouchables } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

let count = 0
/** A session that changed a file, ready to be pulled. */
const ended = async () => {
  const dir = world.repository(`home-${++count}`, { name: `${count}`, 'a.txt': 'a\n' })
  const arrived = await world.roundTrip(dir)
  world.write(arrived.workDir, { 'a.txt': 'changed\n' })
  const { result } = await world.collect(arrived)
  const session = { id: arrived.branch.slice(7), result }
  const pull = (more: Partial<BringHome> = {}) =>
    bringHome({ repositoryDir: dir, session, download: world.get, env: world.env, ...more })
  return { dir, arrived, session, result, pull, branch: arrived.branch }
}

describe('a result on its way home', () => {
  it('is not said to be shown when git could not show it', async () => {
    const { dir, session } = await ended()
    const ask = { repositoryDir: dir, session, download: world.get, env: world.env, tmpDir: world.dirs.tmp }
    const shown = showDiff({ ...ask, output: 'inherit', args: ['--no-such-flag'] })
    await expect(shown).rejects.toMatchObject({ code: 'repository', message: 'git diff failed (129)' })
  })

  it.each(['base', 'commit'] as const)('is no option of git, whatever its machine said its %s was', async (part) => {
    const { dir, session, result, pull } = await ended()
    const file = join(world.root, `written-${count}`)
    const hostile = { ...session, result: { ...result, [part]: `--output=${file}` } }
    const output = new Writable({ write: (_chunk, _encoding, done) => done() })
    const shown = showDiff({
      repositoryDir: dir,
      session: hostile,
      download: world.get,
      env: world.env,
      tmpDir: world.root,
      output,
    })
    await expect(shown).rejects.toMatchObject({ code: 'corrupt' })
    await expect(pull({ session: hostile })).rejects.toMatchObject({ code: 'corrupt' })
    expect(existsSync(file)).toBe(false)
  })

  it('leaves a branch alone on which the user has worked', async () => {
    const { dir, branch, pull, result } = await ended()
    await pull()
    world.git(dir, 'checkout', '-q', branch)
    world.write(dir, { 'mine.txt': 'm\n' })
    world.git(dir, 'add', '-A')
    world.git(dir, 'commit', '-qm', 'mine')
    world.git(dir, 'checkout', '-q', 'main')
    const mine = world.git(dir, 'rev-parse', branch)
    await expect(pull()).rejects.toMatchObject({
      message: `branch ${branch} has been moved, and is left as it is`,
      hint: expect.stringContaining('git branch -m'),
    })
    expect(world.git(dir, 'rev-parse', branch)).toBe(mine)
    expect(mine.trim()).not.toBe(result.commit)
  })

  it('goes forward with a later checkpoint, but not under a checked-out branch', async () => {
    const { dir, arrived, session, pull, branch } = await ended()
    await pull()
    world.write(arrived.workDir, { 'later.txt': 'l\n' })
    // The agent's own commit keeps what was collected before as an ancestor.
    world.git(arrived.workDir, 'fetch', '-q', dir, branch)
    world.git(arrived.workDir, 'reset', '-q', 'FETCH_HEAD')
    const later = { id: session.id, result: (await world.collect(arrived)).result }
    world.git(dir, 'worktree', 'add', '-q', join(world.root, `tree-${count}`), branch)
    await expect(pull({ session: later })).rejects.toMatchObject({ message: expect.stringContaining('is checked out in') })
    world.git(dir, 'worktree', 'remove', join(world.root, `tree-${count}`))
    expect(await pull({ session: later })).toMatchObject({ done: 'updated' })
    expect(world.git(dir, 'show', `${branch}:later.txt`)).toBe('l\n')
  })

  it('says when this is not the repository it belongs to', async () => {
    const { pull } = await ended()
    const other = world.repository(`elsewhere-${count}`, { other: 'x\n' })
    await expect(pull({ repositoryDir: other })).rejects.toMatchObject({
      message: expect.stringContaining('this repository lacks commit'),
    })
    await expect(pull({ repositoryDir: world.dirs.home })).rejects.toMatchObject({ code: 'repository' })
  })

  it('refuses a bundle that is not the recorded one, and a session without a result', async () => {
    const { dir, pull, session } = await ended()
    const damaged = join(world.root, `damaged-${count}`)
    const download = async (sha256: string) => {
      writeFileSync(damaged, '')
      appendFileSync(damaged, `# v2 git bundle\n${sha256}`)
      return damaged
    }
    await expect(pull({ download })).rejects.toMatchObject({ message: expect.stringContaining('SHA-256') })
    await expect(pull({ session: { id: session.id } })).rejects.toMatchObject({ code: 'not_found' })
    expect(world.git(dir, 'branch', '--list', 'remote/*')).toBe('')
  })

  it('is shown without leaving anything in the repository', async () => {
    const { dir, session } = await ended()
    const before = untouchables(world, dir)
    let text = ''
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString()
        done()
      },
    })
    await showDiff({ repositoryDir: dir, session, download: world.get, env: world.env, tmpDir: world.dirs.tmp, output })
    expect(text).toContain('-a\n+changed\n')
    await showDiff({
      repositoryDir: dir,
      session,
      download: world.get,
      env: world.env,
      tmpDir: world.dirs.tmp,
      output,
      args: ['--stat'],
    })
    expect(text).toContain('1 file changed, 1 insertion(+), 1 deletion(-)')
    expect(untouchables(world, dir)).toEqual(before)
  })

  it('works in a linked worktree', async () => {
    const { dir, pull, branch } = await ended()
    const linked = join(world.root, `linked-${count}`)
    world.git(dir, 'worktree', 'add', '-q', '-b', 'side', linked)
    expect(await pull({ repositoryDir: linked })).toMatchObject({ done: 'created' })
    expect(world.git(dir, 'show', `${branch}:a.txt`)).toBe('changed\n')
  })
})

describe('the cache of a machine', () => {
  it('serves several sessions that bring the same bundle at once', async () => {
    const snapshot = await world.snap(world.repository('many', { 'many.txt': 'm\n' }))
    await world.send(snapshot)
    const arrived = await Promise.all([1, 2, 3, 4].map(() => world.arrive(snapshot)))
    for (const { workDir } of arrived) world.git(workDir, 'fsck', '--full')
  })

  it('refuses a bundle with another hash than announced, and one that builds on what is not there', async () => {
    const dir = world.repository('chained', { 'c.txt': '1\n' })
    await world.send(await world.snap(dir))
    world.write(dir, { 'c.txt': '2\n' })
    const snapshot = await world.snap(dir)
    await world.send(snapshot)
    const [first, second] = world.stored.slice(-2)
    if (first === undefined || second === undefined) throw new Error('two bundles were sent')
    writeFileSync(join(world.dirs.store, first.sha256), 'rubbish')
    await expect(world.arrive(snapshot)).rejects.toMatchObject({ message: expect.stringContaining('SHA-256') })
    world.stored.splice(world.stored.indexOf(first), 1)
    second.facts.needs.length = 0
    await expect(world.arrive(snapshot)).rejects.toMatchObject({
      message: expect.stringContaining('which this machine does not have'),
    })
  })

  it('gathers what many dispatches brought, and everything is still there', async () => {
    const dir = world.repository('often', { 'n.txt': '0\n' })
    const early = await world.roundTrip(dir)
    let last = early.snapshot
    for (let n = 1; n <= 34; n++) {
      world.write(dir, { 'n.txt': `${n}\n` })
      world.git(dir, 'commit', '-qam', `${n}`)
      last = await world.snap(dir)
      await world.send(last)
    }
    const late = await world.arrive(last)
    const packs = readdirSync(join(world.dirs.cache, 'repositories', `${last.source.id}.git`, 'objects/pack'))
    expect(packs.filter((name) => name.endsWith('.pack')).length).toBeLessThan(10)
    for (const { workDir } of [early, late]) world.git(workDir, 'fsck', '--full')
    expect(world.git(late.workDir, 'rev-list', '--count', 'HEAD')).toBe('35\n')
  })
})
