import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../../../core/contract/session.ts'
import { pruneRepositories, pruneSetups } from '../../../../local/pruning/prune-caches.ts'
import { sampleSession } from '../../../promises/sample-session.ts'

const NOW = Date.parse('2026-11-21T08:00:00.000Z')
const make = (dir: string, name: string, days: number) => {
  mkdirSync(join(dir, name, 'objects'), { recursive: true })
  const at = new Date(NOW - days * 86_400_000)
  utimesSync(join(dir, name), at, at)
}
const id = (letter: string) => letter.repeat(64)

it('results of [setup] go 30 days after they were last used, halves of them after one', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-setups-'))
  const repository = join(dir, id('a'))
  for (const [name, days] of [
    [id('1'), 29],
    [id('2'), 31],
    [`${id('3')}.77`, 2],
    [`${id('4')}.78`, 0],
  ] as const)
    make(repository, name, days)
  expect(await pruneSetups(dir, NOW)).toBe(2)
  expect(readdirSync(repository)).toEqual([id('1'), `${id('4')}.78`])
  expect(await pruneSetups(join(dir, 'none'), NOW)).toBe(0)
})

const open = () => {
  const root = mkdtempSync(join(tmpdir(), 'remote-caches-'))
  const places = { repositories: join(root, 'repositories'), workspaces: join(root, 'workspaces'), sessions: join(root, 's') }
  const borrow = (place: string, letter: string) => {
    mkdirSync(join(place, 'one', 'git'), { recursive: true })
    const note = { cache: join(places.repositories, `${id(letter)}.git`), branch: 'b' }
    writeFileSync(join(place, 'one', 'git', 'remote.json'), JSON.stringify(note))
  }
  const prune = (sessions: Session[] = []) => pruneRepositories(places, { list: async () => ({ sessions }) }, NOW)
  return { ...places, borrow, prune, left: () => readdirSync(places.repositories).map((name) => name.slice(0, 1)) }
}

it('a repository cache goes 30 days after it was last used, halves of one after a day', async () => {
  const { repositories, prune, left } = open()
  for (const [name, days] of [
    [`${id('a')}.git`, 29],
    [`${id('b')}.git`, 31],
    [`${id('c')}.git.12ab.new`, 2],
  ] as const)
    make(repositories, name, days)
  await prune()
  expect(left()).toEqual(['a'])
})

it('one that a workspace, a checkout or a session under way needs stays', async () => {
  const { repositories, workspaces, sessions, borrow, prune, left } = open()
  for (const letter of ['a', 'b', 'c', 'd']) make(repositories, `${id(letter)}.git`, 90)
  borrow(workspaces, 'a')
  borrow(sessions, 'b')
  const { request } = sampleSession()
  await prune([sampleSession({ request: { ...request, repository: { id: id('c'), commit: 'c', name: 'r' } } })])
  expect(left()).toEqual(['a', 'b', 'c'])
})

it('a note that cannot be read keeps them all', async () => {
  const { repositories, workspaces, borrow, prune, left } = open()
  make(repositories, `${id('a')}.git`, 90)
  borrow(workspaces, 'b')
  writeFileSync(join(workspaces, 'one', 'git', 'remote.json'), '{')
  await expect(prune()).rejects.toMatchObject({ code: 'corrupt' })
  expect(left()).toEqual(['a'])
})
