import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from '../support/world.ts'
import { killQuietly, until } from '../support/world-processes.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const shell = (cwd: string, task: string, ...flags: string[]) =>
  world.cli(['dispatch', '--agent', 'shell', ...flags, task], { cwd })
const branchIn = (text: string) => /remote\/s-\w{10}/.exec(text)?.[0] ?? 'no branch'

it('a session works on what the user sees, and its result comes home as a branch', async () => {
  const dir = world.repository({ 'a.txt': 'one\n', 'b.txt': 'same\n' })
  writeFileSync(join(dir, 'a.txt'), 'changed\n')
  writeFileSync(join(dir, 'new.txt'), 'untracked\n')
  const before = world.git(dir, 'status', '--porcelain=v2')
  const { out, stderr, code } = await shell(dir, 'cat a.txt new.txt; echo more >> b.txt')
  expect({ out, code }).toEqual({ out: 'changed\nuntracked\n', code: 0 })
  const branch = branchIn(stderr)
  expect(world.git(dir, 'show', `${branch}:b.txt`)).toBe('same\nmore\n')
  expect(world.git(dir, 'status', '--porcelain=v2')).toBe(before)
  expect(stderr).toMatch(/1 file, \+1 −0/)
  expect(stderr).toContain(`take it: remote diff ${branch.slice('remote/'.length)} | git apply\n`)
})

it('what takes a result over says how from where the user stands, and works on a tree with uncommitted changes', async () => {
  const dir = world.repository({ 'a.txt': 'one\n', 'deep/b.txt': 'one\n' })
  const clean = await shell(dir, 'echo two > c.txt')
  expect(clean.stderr).toContain(`take it: git merge ${branchIn(clean.stderr)}\n`)
  writeFileSync(join(dir, 'a.txt'), 'changed\n')
  world.git(dir, 'config', 'diff.noprefix', 'true')
  world.git(dir, 'config', 'color.ui', 'always')
  const { stderr } = await shell(join(dir, 'deep'), `echo more >> ../a.txt; printf '\\000\\001' > binary`)
  const id = branchIn(stderr).slice('remote/'.length)
  expect(stderr).toContain(`take it: remote diff ${id} | git -C .. apply\n`)
  const pulled = await world.cli(['pull', id, '--repo', dir], { cwd: world.home })
  expect(pulled.stderr).toContain(`take it: remote diff ${id} | git -C ${relative(world.home, dir)} apply\n`)
  const patch = await world.cli(['diff', id], { cwd: join(dir, 'deep') })
  execFileSync('git', ['-C', '..', 'apply'], { cwd: join(dir, 'deep'), input: patch.stdout })
  expect(readFileSync(join(dir, 'a.txt'), 'utf8')).toBe('changed\nmore\n')
  expect([...readFileSync(join(dir, 'deep/binary'))]).toEqual([0, 1])
})

it('diff shows the result and pull brings it, as often as they are asked', async () => {
  const dir = world.repository({ 'a.txt': 'one\n' })
  const { out: id } = await shell(dir, 'echo two >> a.txt', '--detach', '--quiet')
  await world.ended(id.trim())
  const [first, second] = [await world.cli(['diff', id.trim()], { cwd: dir }), await world.cli(['diff', id.trim()], { cwd: dir })]
  expect(first.out).toMatch(/^\+two$/m)
  expect(second.out).toBe(first.out)
  expect(world.git(dir, 'branch', '--list', 'remote/*')).toBe('')
  const pulled = [await world.cli(['pull', id.trim()], { cwd: dir }), await world.cli(['pull', id.trim()], { cwd: dir })]
  expect(pulled.map(({ out, code }) => [out, code])).toEqual([
    [`remote/${id}`, 0],
    [`remote/${id}`, 0],
  ])
})

it('--push pushes the branch to origin', async () => {
  const dir = world.repository()
  const origin = join(world.dir, 'origin.git')
  world.git(dir, 'clone', '-q', '--bare', dir, origin)
  world.git(dir, 'remote', 'add', 'origin', origin)
  const { stderr } = await shell(dir, 'echo x > x.txt', '--push')
  expect(world.git(origin, 'show', `${branchIn(stderr)}:x.txt`)).toBe('x\n')
})

it('a result that could not be pushed is here all the same, and is not said to be missing', async () => {
  const dir = world.repository()
  const { stderr, code } = await shell(dir, 'echo x > x.txt', '--push')
  expect(code).toBe(0)
  const branch = branchIn(stderr)
  expect(stderr).toContain(`remote: ${branch} could not be pushed to origin\n`)
  expect(stderr).toContain(`take it: git merge ${branch}\n`)
  expect(stderr).not.toContain('not here yet')
})

it('what a lost session has done is found where explain says', async () => {
  const dir = world.repository({ 'a.txt': 'one\n' })
  const { out } = await shell(dir, 'echo work > made.txt; echo made; exec sleep 600', '--detach', '--quiet')
  const id = out.trim()
  await until(`${id} has done its work`, () => world.output(id).includes('made') || undefined)
  const pid = await until(`${id} has a runner`, () => world.runnerPids(id)[0])
  killQuietly(pid, 'SIGKILL')
  expect((await world.ended(id)).outcome).toMatchObject({ outcome: 'lost' })
  const none = await world.cli(['diff', id], { cwd: dir })
  expect(none.code).toBe(3)
  expect(none.stderr).toContain(`remote explain ${id}`)
  const { says } = JSON.parse((await world.cli(['explain', id, '--json'])).out)
  const [, checkout = ''] = /only copy of what it did is its checkout.*: (\/.*)$/.exec(says.at(-1)) ?? []
  expect(readFileSync(join(checkout, 'made.txt'), 'utf8')).toBe('work\n')
})

it('--repo names another directory, --ref another commit, --cwd a directory in it', async () => {
  const dir = world.repository({ 'deep/file.txt': 'first\n' })
  writeFileSync(join(dir, 'deep/file.txt'), 'second\n')
  const now = await shell(world.home, 'cat file.txt', '--repo', dir, '--cwd', 'deep')
  const then = await shell(world.home, 'cat file.txt', '--repo', dir, '--cwd', 'deep', '--ref', 'HEAD')
  expect([now.out, then.out]).toEqual(['second\n', 'first\n'])
})

it('--repo takes a git URL, which is cloned once and brought up to date afterwards', async () => {
  const dir = world.repository({ 'a.txt': 'one\n' })
  const url = `file://${dir}`
  const first = await shell(world.home, 'cat a.txt', '--repo', url)
  writeFileSync(join(dir, 'a.txt'), 'two\n')
  world.git(dir, 'commit', '-qam', 'second')
  const second = await shell(world.home, 'cat a.txt', '--repo', url)
  expect([first.out, second.out]).toEqual(['one\n', 'two\n'])
  const missing = await shell(world.home, 'true', '--repo', `file://${world.dir}/nowhere.git`)
  expect(missing.code).toBe(6)
  expect(missing.stderr).toContain('could not be fetched')
})

it('what was stored of a repository and is gone is sent again, as the refusal says', async () => {
  const dir = world.repository({ 'a.txt': 'one\n' })
  await shell(dir, 'cat a.txt')
  const before = readdirSync(world.paths.bundles)
  writeFileSync(join(dir, 'a.txt'), 'two\n')
  await shell(dir, 'cat a.txt; echo more > b.txt') // needs what the first one brought, and its result needs that
  writeFileSync(join(dir, 'c.txt'), 'three\n')
  rmSync(join(world.paths.cache, 'repositories'), { recursive: true })
  for (const file of before) rmSync(join(world.paths.bundles, file))
  const refused = await shell(dir, 'cat a.txt')
  expect(refused.code).toBe(6)
  expect(refused.stderr).toContain('dispatch again')
  expect(await shell(dir, 'cat a.txt')).toMatchObject({ code: 0, out: 'two\n' })
})

it('remote.toml prepares the checkout and gives defaults', async () => {
  const toml =
    '[defaults]\nagent = "shell"\nttl = "2h"\n[setup]\ncommands = ["echo ready > prepared.txt"]\n[env]\nCOLOUR = "green"\n'
  const dir = world.repository({ 'remote.toml': toml, '.gitignore': 'prepared.txt\n' })
  const { out } = await world.cli(['dispatch', '--json', 'cat prepared.txt; echo $COLOUR'], { cwd: dir })
  const session = JSON.parse(out)
  expect(session.request).toMatchObject({ agent: 'shell', ttlSeconds: 7200 })
  expect(world.output(session.id).toString()).toBe('ready\ngreen\n')
})

it('a session that changed nothing leaves no branch', async () => {
  const dir = world.repository()
  const { stderr, code } = await shell(dir, 'true')
  expect({ code, branches: world.git(dir, 'branch', '--list', 'remote/*') }).toEqual({ code: 0, branches: '' })
  expect(stderr).not.toContain('branch')
})

it('a session started in a directory of the repository works in that directory', async () => {
  const dir = world.repository({ 'deep/er/file.txt': 'here\n' })
  mkdirSync(join(dir, 'empty'))
  expect((await shell(join(dir, 'deep/er'), 'cat file.txt')).out).toBe('here\n')
  expect(existsSync(join(dir, 'deep/er/file.txt'))).toBe(true)
  expect(readFileSync(join(dir, 'deep/er/file.txt'), 'utf8')).toBe('here\n')
})
