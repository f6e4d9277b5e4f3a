import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import { type GitWorld, listing, openGitWorld, untouchables } from './git-world.ts'
import { applyChange, attempt, type Change, change } from './random-changes.ts'

let world: GitWorld
beforeAll(() => {
  world = openGitWorld()
})
afterAll(() => world.close())

const RUNS = Number(process.env['FIDELITY_RUNS'] ?? 30)

const FEATURES = [
  'plain',
  'plain',
  'plain',
  'unborn',
  'shallow',
  'linked',
  'sparse',
  'submodule',
  'dirty submodule',
  'partial',
  'lfs',
  'nested',
  'conflict',
  'split index',
  'detached',
] as const
const REFUSALS: Partial<Record<(typeof FEATURES)[number], RegExp>> = {
  'dirty submodule': /uncommitted changes in submodule/,
  lfs: /pointers to Git LFS/,
  nested: /git repository of its own/,
  conflict: /unresolved conflicts/,
}

/** A repository of that kind, where the working tree is, and what it has beside its files (a sparse checkout's rest). */
const prepare = (
  n: number,
  feature: (typeof FEATURES)[number],
  steps: readonly Change[],
): { dir: string; absent: Record<string, string> } => {
  const place = (suffix: string) => join(world.dirs.repositories, `p${n}-${suffix}`)
  const first = world.repository(
    `p${n}`,
    feature === 'unborn' ? {} : { a: 'a\n', 'b.txt': 'b\n', 'dir/c': 'c\n', 'dir/sub/e': `e${n}\n`, 'out/side': 's\n' },
  )
  const clone = (suffix: string, ...options: string[]): string => {
    world.git(first, 'config', 'uploadpack.allowFilter', 'true')
    world.git(world.root, 'clone', '-q', ...options, pathToFileURL(first).href, place(suffix))
    return place(suffix)
  }
  const work = (dir: string, absent: Record<string, string> = {}) => {
    for (const step of steps) applyChange(world, dir, step)
    return { dir, absent }
  }
  const commit = (dir: string, message: string) => world.git(dir, 'commit', '-q', '--allow-empty', '-m', message)
  const withSubmodule = (): string => {
    world.git(first, 'submodule', 'add', '-q', pathToFileURL(world.repository(`p${n}-lib`, { 'lib.txt': 'l\n' })).href, 'lib')
    commit(first, 'lib')
    return first
  }
  switch (feature) {
    case 'shallow':
      commit(first, 'second')
      return work(clone('shallow', '--depth', '1'))
    case 'partial':
      return work(clone('partial', '--filter=blob:none'))
    case 'linked':
      world.git(first, 'worktree', 'add', '-q', '-b', 'side', place('linked'))
      return work(place('linked'))
    case 'sparse': {
      const out = listing(join(first, 'out'))
      world.git(first, 'sparse-checkout', 'set', '--no-cone', '/*', '!/out/')
      return work(first, Object.fromEntries(Object.entries(out).map(([path, what]) => [`out/${path}`, what])))
    }
    case 'detached':
      world.git(first, 'checkout', '-q', '--detach')
      return work(first)
    case 'split index':
      world.git(first, 'update-index', '--split-index')
      return work(first)
    case 'submodule':
      return work(withSubmodule())
    case 'dirty submodule': {
      const made = work(withSubmodule())
      writeFileSync(join(first, 'lib/lib.txt'), 'dirty\n')
      return made
    }
    case 'nested': {
      const made = work(first)
      rmSync(join(first, '.gitignore'), { force: true })
      world.git(first, 'init', '-q', 'nested')
      return made
    }
    case 'lfs': {
      world.git(first, 'lfs', 'install', '--local')
      const made = work(first)
      world.write(first, { '.gitattributes': '*.big filter=lfs\n', 'one.big': 'contents\n', '.gitignore': '' })
      return made
    }
    case 'conflict': {
      world.git(first, 'checkout', '-qb', 'side')
      world.write(first, { a: 'side\n' })
      world.git(first, 'commit', '-qam', 'side')
      world.git(first, 'checkout', '-q', 'main')
      world.write(first, { a: 'main\n' })
      world.git(first, 'commit', '-qam', 'main')
      attempt(() => world.git(first, 'merge', '-q', 'side'))
      return { dir: first, absent: {} }
    }
    default:
      return work(first)
  }
}

describe('snapshot fidelity', () => {
  it(`what arrives is the working tree, or the refusal says why (${RUNS} random trees)`, { timeout: RUNS * 20_000 }, async () => {
    let n = 0
    const seen = { arrived: 0, refused: 0 }
    const one = async (feature: (typeof FEATURES)[number], steps: Change[]) => {
      const { dir, absent } = prepare(++n, feature, steps)
      const ignored = new Set(
        execFileSync('git', ['ls-files', '-oiz', '--exclude-standard'], { cwd: dir, env: world.env })
          .toString('latin1')
          .split('\0'),
      )
      const status = () =>
        world.git(dir, '--no-optional-locks', 'status', '--porcelain=v2', '-z', '--ignored', '--untracked-files=all')
      const [before, said] = [untouchables(world, dir), status()]
      const arrived = await world.roundTrip(dir).catch((error: unknown) => error)
      expect(untouchables(world, dir)).toEqual(before)
      expect(status()).toBe(said)
      if (arrived instanceof Error) {
        expect(arrived).toBeInstanceOf(RemoteError)
        expect(arrived.message).toMatch(REFUSALS[feature] ?? /^nothing else is refused$/)
        expect((arrived as RemoteError).hint).toBeTruthy()
        seen.refused++
        return
      }
      const { workDir } = arrived as Awaited<ReturnType<GitWorld['roundTrip']>>
      expect(REFUSALS[feature]).toBeUndefined()
      // What git was told not to check out counts as present, as it does for git.
      const notCheckedOut = execFileSync('git', ['ls-files', '-tz'], { cwd: dir, env: world.env }).toString('latin1').split('\0')
      const there = listing(dir, (path) => ignored.has(path))
      const overlooked = new Set(notCheckedOut.filter((line) => line.startsWith('S ')).map((line) => line.slice(2)))
      const extra = (path: string) => overlooked.has(path) && there[path] === undefined && absent[path] === undefined
      expect(listing(workDir, extra)).toEqual({ ...absent, ...there })
      expect(world.git(workDir, 'status', '--porcelain', '--ignore-submodules=all')).toBe('')
      world.git(workDir, 'fsck', '--full', '--no-dangling')
      seen.arrived++
    }
    await fc.assert(fc.asyncProperty(fc.constantFrom(...FEATURES), fc.array(change, { maxLength: 14 }), one), { numRuns: RUNS })
    expect(seen.arrived).toBeGreaterThan(seen.refused)
  })
})
