import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { GitWorld } from './git-world.ts'

/** Bytes as latin1: a line break, quotes, a leading dash, a glob, not UTF-8, and names that collide as file and directory. */
const NAMES = [
  'a',
  'b.txt',
  'dir/c',
  'dir/d',
  'dir/sub/e',
  'new\nline',
  '"q" \\ \'s\'',
  '-dash',
  '*.glob',
  ':(top)x',
  'caf\xe9',
  ' lead',
  'sm\xc3\xaft/\xf0\x9f\x98\x80',
]
const name = fc.constantFrom(...NAMES)
const content = fc.oneof(fc.constantFrom('', 'x', 'one\ntwo\n', 'crlf\r\nline\r\n', '\0binary\0'), fc.string({ maxLength: 40 }))

export const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), name, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stage' as const), name }) },
  fc.record({ do: fc.constant('stage all' as const) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
  fc.record({ do: fc.constant('remove from index' as const), name }),
  fc.record({ do: fc.constant('rename' as const), name, to: name }),
  fc.record({ do: fc.constant('mode' as const), name, executable: fc.boolean() }),
  fc.record({ do: fc.constant('link' as const), name, to: fc.constantFrom('a', 'dir', 'nowhere', '/etc/passwd', '../..') }),
  fc.record({ do: fc.constant('intend to add' as const), name }),
  fc.record({
    do: fc.constant('overlook' as const),
    name,
    how: fc.constantFrom('--assume-unchanged', '--skip-worktree'),
    content,
  }),
  fc.record({ do: fc.constant('ignore' as const), pattern: fc.constantFrom('a', '*.txt', 'dir/', '/dir/sub', '!b.txt', '*') }),
  fc.record({ do: fc.constant('stash' as const) }),
  fc.record({ do: fc.constant('commit' as const) }),
)
export type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

const at = (dir: string, path: string): Buffer => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(path, 'latin1')])
/** Paths are bytes, so they go to git over stdin. */
const onPath = (world: GitWorld, dir: string, path: string, ...args: string[]) => {
  const env = { ...world.env, GIT_LITERAL_PATHSPECS: '1' }
  const input = Buffer.from(`${path}\0`, 'latin1')
  return attempt(() => execFileSync('git', args, { cwd: dir, env, input, stdio: ['pipe', 'ignore', 'ignore'] }))
}
const FROM_STDIN = ['--pathspec-from-file=-', '--pathspec-file-nul']
/** Random steps may make no sense (delete what is not there): then they change nothing. */
export const attempt = (step: () => unknown): boolean => {
  try {
    step()
    return true
  } catch {
    return false
  }
}
const clear = (dir: string, path: string) => rmSync(at(dir, path), { recursive: true, force: true })
/** Random links may lead out of the repository: nothing is written through them. */
const parents = (dir: string, path: string): void => {
  const parts = path.split('/').slice(0, -1)
  for (const n of parts.keys()) {
    const parent = at(dir, parts.slice(0, n + 1).join('/'))
    if (lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(parent)
  }
  mkdirSync(at(dir, parts.join('/')), { recursive: true })
}

export const applyChange = (world: GitWorld, dir: string, step: Change): unknown => {
  if ('name' in step && step.do !== 'stage' && step.do !== 'delete') parents(dir, step.name)
  switch (step.do) {
    case 'write':
      clear(dir, step.name)
      return writeFileSync(at(dir, step.name), step.content)
    case 'stage':
      return onPath(world, dir, step.name, 'add', ...FROM_STDIN)
    case 'stage all':
      attempt(() => world.git(dir, 'add', '-A'))
      return
    case 'delete':
      return clear(dir, step.name)
    case 'remove from index':
      return onPath(world, dir, step.name, 'rm', '-rq', '--cached', ...FROM_STDIN)
    case 'rename': {
      const old = lstatSync(at(dir, step.name), { throwIfNoEntry: false })
      if (!old?.isFile() || step.to.startsWith(`${step.name}/`) || step.name === step.to) return
      parents(dir, step.to)
      clear(dir, step.to)
      attempt(() => writeFileSync(at(dir, step.to), 'renamed\n'))
      return clear(dir, step.name)
    }
    case 'mode':
      if (lstatSync(at(dir, step.name), { throwIfNoEntry: false })?.isFile())
        chmodSync(at(dir, step.name), step.executable ? 0o755 : 0o644)
      return
    case 'link':
      clear(dir, step.name)
      return symlinkSync(step.to, at(dir, step.name))
    case 'intend to add':
      return onPath(world, dir, step.name, 'add', '-N', ...FROM_STDIN)
    case 'overlook':
      onPath(world, dir, step.name, 'update-index', step.how, '-z', '--stdin')
      clear(dir, step.name)
      return writeFileSync(at(dir, step.name), step.content)
    case 'ignore':
      return writeFileSync(join(dir, '.gitignore'), `${step.pattern}\n`)
    case 'stash':
      attempt(() => world.git(dir, 'stash', '-q', '--include-untracked'))
      return
    case 'commit':
      attempt(() => world.git(dir, 'commit', '-qm', 'step'))
      return
  }
}
