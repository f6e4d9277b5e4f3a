import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { NOBODY, runAsNobody } from '../../support/as-nobody.ts'

const isRoot = process.getuid?.() === 0

/** A session's directory beside one that is none of the session's, both of the user that cleans. */
const world = () => {
  const root = mkdtempSync(join(tmpdir(), 'remote-clean-'))
  const [dir, others] = [join(root, 'session'), join(root, 'others')]
  const give = (path: string) => isRoot && chownSync(path, NOBODY, NOBODY)
  const make = (path: string, mode = 0o700) => {
    mkdirSync(path, { recursive: true })
    give(path)
    chmodSync(path, mode)
  }
  const write = (path: string) => {
    writeFileSync(path, 'x')
    give(path)
  }
  give(root)
  for (const path of [dir, others, join(dir, 'agent')]) make(path)
  write(join(others, 'file'))
  const clean = (keepCheckout = false) =>
    runAsNobody(
      'local/adapters/clean-session.ts',
      `await it.cleanSession(process.argv[1], { keepCheckout: ${keepCheckout} })`,
      dir,
    )
  return { root, dir, others, make, write, clean }
}
const modeOf = (path: string) => statSync(path).mode & 0o777

it('read-only directories of the session are removed, where they lie and below others', () => {
  const { dir, make, write, clean } = world()
  for (const part of ['work', 'work/cache', 'agent/tmp', 'agent/tmp/deep']) make(join(dir, part))
  for (const file of ['work/cache/file', 'agent/tmp/deep/file', 'agent/memory']) write(join(dir, file))
  for (const part of ['work/cache', 'work', 'agent/tmp/deep', 'agent/tmp', 'agent', '']) chmodSync(join(dir, part), 0o500)
  clean()
  expect([readdirSync(dir), readdirSync(join(dir, 'agent'))]).toEqual([['agent'], ['memory']])
})

it('a link in place of a directory is removed, and what it leads to is not touched', () => {
  const { dir, others, clean } = world()
  chmodSync(others, 0o755)
  symlinkSync(others, join(dir, 'agent', 'tmp'))
  symlinkSync(others, join(dir, 'work'))
  chmodSync(join(dir, 'agent'), 0o500)
  clean()
  expect([modeOf(others), readdirSync(others), readdirSync(dir), readdirSync(join(dir, 'agent'))]).toEqual([
    0o755,
    ['file'],
    ['agent'],
    [],
  ])
})

it('nothing is removed behind a link: not in place of the agent’s directory, nor of one that holds a login', () => {
  const { dir, others, make, write, clean } = world()
  for (const part of ['tmp', 'claude']) make(join(others, part))
  for (const file of ['tmp/file', 'claude/.credentials.json', '.credentials.json']) write(join(others, file))
  symlinkSync(others, join(dir, 'agent', 'claude'))
  clean()
  expect(existsSync(join(others, '.credentials.json'))).toBe(true)
  const second = world()
  for (const part of ['tmp', 'claude']) second.make(join(second.others, part))
  for (const file of ['tmp/file', 'claude/.credentials.json']) second.write(join(second.others, file))
  rmSync(join(second.dir, 'agent'), { recursive: true })
  symlinkSync(second.others, join(second.dir, 'agent'))
  second.clean()
  expect(['tmp/file', 'claude/.credentials.json'].map((name) => existsSync(join(second.others, name)))).toEqual([true, true])
})

it('copies of the user’s login go with every session, its checkout and the agent’s memory stay where they are wanted', () => {
  const { dir, make, write, clean } = world()
  for (const part of ['work', 'agent/claude', 'agent/claude/projects', 'agent/codex']) make(join(dir, part))
  const logins = ['agent/claude/.credentials.json', 'agent/claude/.credentials.json.copy', 'agent/codex/auth.json']
  for (const file of ['work/file', ...logins, 'agent/claude/projects/memory']) write(join(dir, file))
  clean(true)
  const left = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => !statSync(join(dir, name)).isDirectory())
  expect(left.sort()).toEqual(['agent/claude/projects/memory', 'work/file'])
  clean()
  expect(existsSync(join(dir, 'work'))).toBe(false)
})
