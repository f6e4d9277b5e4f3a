import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collectResult } from '../../../agent-bootstrap/git/result.ts'
import { bringHome } from '../../../cli/git/bring-home.ts'
import { type Arrived, type GitWorld, openGitWorld } from './git-world.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

let repositories = 0
const arrive = (files: Record<string, string> = { 'a.txt': 'a\n', 'data.dat': 'd\n' }) =>
  world.roundTrip(world.repository(`from-${++repositories}`, files))
const commit = (dir: string, message: string) => {
  world.git(dir, 'add', '-A')
  world.git(dir, 'commit', '-qm', message)
}
/** What the user gets: the files of the branch after `pull`. */
const atHome = async (arrived: Arrived, path: string): Promise<string> => {
  const { result } = await world.collect(arrived)
  const repositoryDir = arrived.snapshot.repositoryDir
  await bringHome({ repositoryDir, session: { id: arrived.branch.slice(7), result }, download: world.get, env: world.env })
  world.git(repositoryDir, 'fsck', '--full')
  return world.git(repositoryDir, 'show', `${arrived.branch}:${path}`)
}

describe('collecting from a checkout in which an agent could do anything', () => {
  it('runs no hook, monitor, filter, converter, pager or editor that was planted', async () => {
    const arrived = await arrive()
    const { workDir } = arrived
    const witness = join(world.root, `witness-${repositories}`)
    const planted = join(workDir, 'planted.sh')
    writeFileSync(planted, `#!/bin/sh\necho "$0 $*" >> ${witness}\ncat\n`)
    chmodSync(planted, 0o755)
    world.write(workDir, { 'a.txt': 'committed\n' })
    commit(workDir, 'by the agent')
    const hooks = join(workDir, '.git/hooks')
    mkdirSync(hooks, { recursive: true })
    for (const hook of [
      'pre-commit',
      'commit-msg',
      'post-commit',
      'post-index-change',
      'reference-transaction',
      'post-checkout',
      'pre-auto-gc',
    ]) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\nexec ${planted}\n`, { mode: 0o755 })
    }
    const settings = {
      'core.fsmonitor': planted,
      'core.hooksPath': join(workDir, '.git/hooks'),
      'core.pager': planted,
      'core.editor': planted,
      'core.sshCommand': planted,
      'core.alternateRefsCommand': planted,
      'uploadpack.packObjectsHook': planted,
      'filter.evil.clean': planted,
      'filter.evil.smudge': planted,
      'filter.evil.process': planted,
      'filter.evil.required': 'true',
      'diff.evil.textconv': planted,
      'diff.evil.command': planted,
      'diff.external': planted,
      'merge.evil.driver': planted,
      'gpg.program': planted,
      'commit.gpgSign': 'true',
      'credential.helper': `!${planted}`,
      'core.attributesFile': join(workDir, '.gitattributes'),
      'core.askPass': planted,
    }
    const config = Object.entries(settings).map(([key, value]) => {
      const [section = '', ...rest] = key.split('.')
      const name = rest.pop()
      return `[${section}${rest.length > 0 ? ` "${rest.join('.')}"` : ''}]\n\t${name} = ${JSON.stringify(value)}\n`
    })
    writeFileSync(join(workDir, '.git/config'), readFileSync(join(workDir, '.git/config'), 'utf8') + config.join(''))
    world.write(workDir, { '.gitattributes': '* filter=evil diff=evil merge=evil\n', 'data.dat': 'left uncommitted\n' })
    expect(await atHome(arrived, 'data.dat')).toBe('left uncommitted\n')
    expect(existsSync(witness)).toBe(false)
    // The plants are live ones: an ordinary git obeys them.
    expect(() => world.git(workDir, 'status')).toThrow('evil')
    expect(existsSync(witness)).toBe(true)
  })

  it('looks into no repository that was planted inside, and says that it was left out', async () => {
    const arrived = await arrive()
    const witness = join(world.root, `witness-${repositories}`)
    for (const inner of ['inner', 'bare-of-commits']) {
      world.git(arrived.workDir, 'init', '-q', inner)
      const monitor = join(arrived.workDir, inner, '.git', 'monitor')
      writeFileSync(monitor, `#!/bin/sh\ntouch ${witness}\n`, { mode: 0o755 })
      world.write(join(arrived.workDir, inner), { 'x.txt': 'x\n' })
    }
    commit(join(arrived.workDir, 'inner'), 'inner')
    world.git(arrived.workDir, 'add', 'inner') // now a submodule of the index the agent sees
    for (const inner of ['inner', 'bare-of-commits'])
      world.git(join(arrived.workDir, inner), 'config', 'core.fsmonitor', '.git/monitor')
    world.write(arrived.workDir, { 'b.txt': 'b\n' })
    const { result, notices } = await world.collect(arrived)
    expect(result.files).toBe(1)
    expect(notices.sort()).toEqual(
      ['bare-of-commits', 'inner'].map((name) => `${name} is a git repository of its own: its files are not in the result`),
    )
    expect(existsSync(witness)).toBe(false)
  })

  it('one file that git cannot store costs nothing else, and is named', async () => {
    const arrived = await arrive()
    rmSync(join(arrived.workDir, 'a.txt'))
    execFileSync('mkfifo', [join(arrived.workDir, 'a.txt')])
    writeFileSync(join(arrived.workDir, 'done.txt'), 'done\n')
    const { notices } = await collectResult({ ...arrived, sessionTitle: 'the task' })
    expect(notices).toEqual(['a.txt cannot be read: what it holds now is not in the result'])
    expect(await atHome(arrived, 'done.txt')).toBe('done\n')
    expect(world.git(arrived.snapshot.repositoryDir, 'show', `${arrived.branch}:a.txt`)).toBe('a\n')
  })

  it('borrows from no other repository than the cache', async () => {
    const secret = world.repository('secret', { 'key.txt': 'the secret\n' })
    const arrived = await arrive()
    const { workDir } = arrived
    const blob = world.git(secret, 'rev-parse', 'HEAD:key.txt').trim()
    writeFileSync(
      join(workDir, '.git/objects/info/alternates'),
      `${readFileSync(join(workDir, '.git/objects/info/alternates'), 'utf8')}${secret}/.git/objects\n`,
    )
    world.git(workDir, 'update-index', '--add', '--cacheinfo', `100644,${blob},stolen.txt`)
    world.git(workDir, 'commit', '-qm', 'stolen')
    const { result, notices } = await world.collect(arrived)
    expect(notices).toEqual(['the commits in the checkout are damaged: the result is one commit with its files'])
    expect(result).toMatchObject({ commit: arrived.base, files: 0 })
  })

  it('keeps the files when .git is gone, is a file, is a link, or has damaged objects', async () => {
    const ways: ((gitDir: string) => void)[] = [
      (gitDir) => rmSync(gitDir, { recursive: true }),
      (gitDir) => {
        rmSync(gitDir, { recursive: true })
        writeFileSync(gitDir, 'gitdir: /etc\n')
      },
      (gitDir) => {
        renameSync(gitDir, `${gitDir}-moved`)
        symlinkSync(`${gitDir}-moved`, gitDir)
      },
      (gitDir) => writeFileSync(join(gitDir, 'config'), '[core]\n\tworktree = /etc\n[include]\n\tpath = /etc/hostname\n'),
      (gitDir) => writeFileSync(join(gitDir, 'HEAD'), 'ref: ../../../etc/passwd\n'),
      (gitDir) => writeFileSync(join(gitDir, 'HEAD'), `${'1'.repeat(40)}\n`),
      (gitDir) => {
        rmSync(join(gitDir, 'objects'), { recursive: true })
      },
      (gitDir) => {
        rmSync(join(gitDir, 'objects'), { recursive: true })
        symlinkSync('/etc', join(gitDir, 'objects'))
      },
      (gitDir) => writeFileSync(join(gitDir, 'index'), 'rubbish'),
    ]
    for (const spoil of ways) {
      const arrived = await arrive()
      world.write(arrived.workDir, { 'a.txt': 'by the agent\n' })
      commit(arrived.workDir, 'work')
      world.write(arrived.workDir, { '.gitignore': '.git-moved\n' })
      spoil(join(arrived.workDir, '.git'))
      expect(await atHome(arrived, 'a.txt')).toBe('by the agent\n')
    }
  })
})

describe('wherever the agent left its branches', () => {
  it('commits on another branch are the result', async () => {
    const arrived = await arrive()
    world.git(arrived.workDir, 'checkout', '-qb', 'feature')
    world.write(arrived.workDir, { 'a.txt': 'feature\n' })
    commit(arrived.workDir, 'on feature')
    world.git(arrived.workDir, 'pack-refs', '--all')
    expect(await atHome(arrived, 'a.txt')).toBe('feature\n')
  })

  it("commits on the session's branch are not lost when HEAD is elsewhere", async () => {
    const arrived = await arrive()
    world.write(arrived.workDir, { 'on-branch.txt': 'x\n' })
    commit(arrived.workDir, 'on the branch')
    world.git(arrived.workDir, 'checkout', '-q', 'main')
    world.write(arrived.workDir, { 'a.txt': 'on main\n' })
    expect(await atHome(arrived, 'a.txt')).toBe('on main\n')
    expect(world.git(arrived.snapshot.repositoryDir, 'log', '--format=%s', arrived.branch)).toContain('on the branch')
  })

  it('going back to an older commit is a result too', async () => {
    const dir = world.repository('older')
    world.write(dir, { 'a.txt': 'two\n' })
    commit(dir, 'second')
    const arrived = await world.roundTrip(dir)
    world.git(arrived.workDir, 'reset', '-q', '--hard', 'HEAD~1')
    expect(await atHome(arrived, 'a.txt')).toBe('one\n')
  })

  it('a history that was rewritten comes home', async () => {
    const dir = world.repository('rewritten')
    world.write(dir, { 'mine.txt': 'mine\n' })
    const arrived = await world.roundTrip(dir)
    world.write(arrived.workDir, { 'mine.txt': 'amended\n' })
    world.git(arrived.workDir, 'commit', '-qa', '--amend', '-m', 'amended')
    expect(await atHome(arrived, 'mine.txt')).toBe('amended\n')
  })
})

describe('more than one attempt', () => {
  it('collecting twice gives what is there each time', async () => {
    const arrived = await arrive()
    world.write(arrived.workDir, { 'one.txt': '1\n' })
    const first = await world.collect(arrived)
    expect((await world.collect(arrived)).result.commit).not.toBe(arrived.base)
    expect((await world.collect(arrived)).result).toMatchObject({ files: 1 })
    world.write(arrived.workDir, { 'two.txt': '2\n' })
    expect((await world.collect(arrived)).result).toMatchObject({ files: 2 })
    rmSync(join(arrived.workDir, 'one.txt'))
    rmSync(join(arrived.workDir, 'two.txt'))
    expect((await world.collect(arrived)).result).toMatchObject({ files: 0, commit: arrived.base })
    expect(first.result.files).toBe(1)
  })

  it('a checkpoint is where the next machine goes on, and the result counts from the snapshot', async () => {
    const arrived = await arrive()
    world.write(arrived.workDir, { 'one.txt': '1\n' })
    const { result } = await world.collect(arrived)
    const stored = world.stored.find(({ sha256 }) => sha256 === result.bundle)
    if (stored === undefined) throw new Error('no bundle')
    const checkpoint = { commit: result.commit, bundle: { sha256: stored.sha256, bytes: stored.bytes, url: '' } }
    const next = await world.arrive(arrived.snapshot, {}, checkpoint)
    expect(next.base).toBe(arrived.base)
    world.write(next.workDir, { 'two.txt': '2\n' })
    expect((await world.collect(next)).result).toMatchObject({ files: 2 })
    const resumed = await world.arrive(arrived.snapshot, { resumes: 's-0123456789' }, checkpoint)
    expect(resumed.base).toBe(result.commit)
    world.write(resumed.workDir, { 'two.txt': '2\n' })
    expect(await atHome(resumed, 'one.txt')).toBe('1\n')
    expect((await world.collect(resumed)).result).toMatchObject({ files: 1 })
  })
})
