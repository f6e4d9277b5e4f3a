import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../../../core/contract/session.ts'
import { Database } from '../../../../local/adapters/database.ts'
import { openFileBundleStore } from '../../../../local/adapters/file-bundle-store.ts'
import { openSqliteSessionStore } from '../../../../local/adapters/sqlite-session-store.ts'
import { pruneBundles } from '../../../../local/pruning/prune-bundles.ts'
import { sampleSession } from '../../../promises/sample-session.ts'

const NOW = Date.parse('2026-11-21T08:00:00.000Z')
const DAY = 86_400_000
const REPOSITORY = 'a'.repeat(64)
const commit = (name: string) => createHash('sha1').update(name).digest('hex')
const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const ago = (days: number) => new Date(NOW - days * DAY)

const open = () => {
  const root = mkdtempSync(join(tmpdir(), 'remote-prune-'))
  const dir = join(root, 'bundles')
  const db = Database.open(join(root, 'remote.db'))
  const bundles = openFileBundleStore(db, dir)
  const sessions = openSqliteSessionStore(db, { now: () => NOW })
  /** A bundle of that name holds the commit of that name. */
  const put = async (name: string, days: number, needs: string[] = [], repository = REPOSITORY) => {
    const facts = { repository, tips: [commit(name)], needs: needs.map(commit) }
    await bundles.put(sha(name), new Blob([name]).stream() as ReadableStream<Uint8Array>, facts)
    utimesSync(join(dir, sha(name)), ago(days), ago(days))
  }
  /** Newer commits of the repository than those that the test is about. */
  const crowd = async () => {
    for (let n = 0; n < 8; n++) await put(`newer ${n}`, 40)
  }
  const source = (name: string) => ({ id: REPOSITORY, commit: commit(name), name: 'r' })
  const session = async (more: Partial<Session>) => {
    const made = sampleSession(more)
    await sessions.insert(made, undefined, { by: 'ada', what: 'dispatched' })
  }
  const ended = (days: number, name: string, result?: string) =>
    session({
      state: 'ended',
      endedAt: ago(days).toISOString(),
      request: { ...sampleSession().request, repository: source(name) },
      ...(result && {
        result: { branch: 'b', base: '', commit: commit(result), bundle: sha(result), files: 1, insertions: 1, deletions: 0 },
      }),
    })
  const names = (candidates: string[]) => {
    const here = readdirSync(dir)
    return candidates.filter((name) => here.includes(sha(name)))
  }
  const prune = () => pruneBundles({ db, dir, bundles, sessions }, NOW)
  return { dir, bundles, put, crowd, source, session, ended, names, prune }
}

it('what was sent within 30 days stays, whatever it is', async () => {
  const { put, crowd, names, prune } = open()
  await put('young', 29)
  await put('old', 31)
  await crowd()
  expect(await prune()).toBe(1)
  expect(names(['young', 'old'])).toEqual(['young'])
})

it('what a session under way needs stays, however old', async () => {
  const { put, crowd, session, source, names, prune } = open()
  await put('base', 400)
  await put('snapshot', 300, ['base'])
  await put('other', 300)
  await crowd()
  await session({ state: 'running', request: { ...sampleSession().request, repository: source('snapshot') } })
  await prune()
  expect(names(['base', 'snapshot', 'other'])).toEqual(['base', 'snapshot'])
})

it('results and what resuming them needs stay 30 days after the end', async () => {
  const { put, crowd, ended, names, prune, bundles } = open()
  await put('long', 60)
  await put('long result', 60, ['long'])
  await put('short', 60)
  await put('short result', 60, ['short'])
  await crowd()
  await ended(31, 'long', 'long result')
  await ended(29, 'short', 'short result')
  expect(await prune()).toBe(2)
  expect(names(['long', 'long result', 'short', 'short result'])).toEqual(['short', 'short result'])
  expect(await bundles.tips(REPOSITORY, 64)).not.toContain(commit('long'))
  expect(await bundles.chain(REPOSITORY, commit('long result'))).toBeUndefined()
  expect(await bundles.chain(REPOSITORY, commit('short result'))).toHaveLength(2)
})

it('the newest commits of each repository stay with all that they need', async () => {
  const { put, names, prune } = open()
  await put('root', 400)
  for (let n = 0; n < 8; n++) await put(`tip ${n}`, 300, ['root'])
  await put('alone', 300, [], 'b'.repeat(64))
  await put('tip 8', 300)
  await prune()
  expect(names(['root', 'tip 0', 'tip 1', 'tip 8', 'alone'])).toEqual(['root', 'tip 1', 'tip 8', 'alone'])
})

it('halves of bundles go after a day, and names of others are left alone', async () => {
  const { dir, put, prune } = open()
  await put('young', 1)
  for (const [name, days] of [
    ['a.new', 2],
    ['b.new', 0],
    ['notes.txt', 900],
  ] as const) {
    writeFileSync(join(dir, name), '')
    utimesSync(join(dir, name), ago(days), ago(days))
  }
  await prune()
  expect(readdirSync(dir).sort()).toEqual([sha('young'), 'b.new', 'notes.txt'].sort())
})
