import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Database } from '../../local/adapters/database.ts'
import { openDirectoryWorkspaceStore } from '../../local/adapters/directory-workspace-store.ts'
import { openFileBundleStore } from '../../local/adapters/file-bundle-store.ts'
import { openFileSecretStore } from '../../local/adapters/file-secret-store.ts'
import { openSpoolSegmentStore } from '../../local/adapters/spool-segment-store.ts'
import { openSqliteAuditLog } from '../../local/adapters/sqlite-audit-log.ts'
import { openSqliteInboxStore } from '../../local/adapters/sqlite-inbox-store.ts'
import { openSqliteLedger } from '../../local/adapters/sqlite-ledger.ts'
import { openSqlitePriceStore } from '../../local/adapters/sqlite-price-store.ts'
import { openSqliteSessionStore } from '../../local/adapters/sqlite-session-store.ts'
import { sweepKept } from '../../local/pruning/sweep-kept.ts'
import { keepsTheAuditLogPromise } from './audit-log-promise.ts'
import { keepsTheBundleStorePromise } from './bundle-store-promise.ts'
import { keepsTheInboxStorePromise } from './inbox-store-promise.ts'
import { keepsTheLedgerPromise } from './ledger-promise.ts'
import { keepsThePriceStorePromise } from './price-store-promise.ts'
import { sampleSession } from './sample-session.ts'
import { keepsTheSecretStorePromise } from './secret-store-promise.ts'
import { keepsTheSegmentStorePromise } from './segment-store-promise.ts'
import { keepsTheSessionStorePromise } from './session-store-promise.ts'
import { keepsTheWorkspaceStorePromise } from './workspace-store-promise.ts'

const clock = { now: () => Date.now() }
const freshDir = () => mkdtempSync(join(tmpdir(), 'stores-'))
const freshDatabase = () => Database.open(join(freshDir(), 'remote.db'))

keepsTheSessionStorePromise('sqlite', () => openSqliteSessionStore(freshDatabase(), clock))
keepsTheLedgerPromise(
  'sqlite',
  () => {
    const db = freshDatabase()
    return { sessions: openSqliteSessionStore(db, clock), ledger: openSqliteLedger(db, clock) }
  },
  50,
)
keepsTheAuditLogPromise('sqlite', () => {
  const db = freshDatabase()
  return { audit: openSqliteAuditLog(db), sessions: openSqliteSessionStore(db, clock), ledger: openSqliteLedger(db, clock) }
})
keepsThePriceStorePromise('sqlite', () => openSqlitePriceStore(freshDatabase()))
keepsTheInboxStorePromise('sqlite', () => openSqliteInboxStore(freshDatabase(), clock))
keepsTheBundleStorePromise('files', () => openFileBundleStore(freshDatabase(), join(freshDir(), 'bundles')))
keepsTheWorkspaceStorePromise('directories', () =>
  openDirectoryWorkspaceStore(freshDatabase(), join(freshDir(), 'workspaces'), clock),
)
it('a workspace that cannot be made of its snapshot is not there, and a copy that was cut off holds nobody up', async () => {
  const [db, dir] = [freshDatabase(), join(freshDir(), 'workspaces')]
  const store = openDirectoryWorkspaceStore(db, dir, clock)
  const workspace = { runtime: 'local', sizeBytes: 1, createdAt: '2026-11-21T08:00:00.000Z' }
  await expect(store.create({ ...workspace, name: 'a' }, 'snap-0')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await store.list()).toEqual([])
  await store.create({ ...workspace, name: 'b' })
  db.run("UPDATE workspaces SET held_by = 'copying'")
  await expect(store.delete('b')).rejects.toMatchObject({ code: 'held' })
  expect(await openDirectoryWorkspaceStore(db, dir, clock).hold('b', 's-1')).toBe(true)
})
it('what a daemon that died left half done of workspaces is away after the next start, and nothing else', async () => {
  const [db, dir] = [freshDatabase(), join(freshDir(), 'workspaces')]
  const store = openDirectoryWorkspaceStore(db, dir, clock)
  const workspace = { runtime: 'local', sizeBytes: 1, createdAt: '2026-11-21T08:00:00.000Z' }
  for (const name of ['cut-off', 'kept']) await store.create({ ...workspace, name })
  const [lost] = (await store.snapshot('cut-off')).snapshots ?? []
  const [snapshot] = (await store.snapshot('kept')).snapshots ?? []
  db.run("UPDATE workspaces SET held_by = 'deleting' WHERE name = 'cut-off'")
  mkdirSync(join(dir, '.snapshots', '0123.new', 'half'), { recursive: true })
  await openDirectoryWorkspaceStore(db, dir, clock).recovered
  expect(readdirSync(dir).sort()).toEqual(['.snapshots', 'kept'])
  expect(readdirSync(join(dir, '.snapshots'))).toEqual([snapshot?.id])
  expect(lost?.id).toMatch(/^snap-/)
  expect((await store.list()).map(({ name }) => name)).toEqual(['kept'])
})
keepsTheSecretStorePromise('file', () => {
  const dir = freshDir()
  return openFileSecretStore(join(dir, 'secrets.json'), join(dir, 'kept'))
})
keepsTheSegmentStorePromise('spool', () => {
  const dir = freshDir()
  return {
    store: openSpoolSegmentStore(dir),
    write: async (session, attempt, first, bytes) => {
      const log = join(dir, session, 'log', String(attempt))
      mkdirSync(log, { recursive: true })
      appendFileSync(join(log, String(first).padStart(12, '0')), bytes)
    },
  }
})

describe('local stores', () => {
  it('a changed timeline entry is noticed', async () => {
    const db = freshDatabase()
    const store = openSqliteSessionStore(db, clock)
    const session = sampleSession()
    await store.insert(session, undefined, { by: 'ada', what: 'dispatched' })
    await store.save({ ...session, version: 2 }, [{ by: 'ada', what: 'terminated' }])
    db.run("UPDATE timeline SET entry = replace(entry, 'ada', 'bob') WHERE n = 1")
    expect((await store.timeline(session.id)).intact).toBe(false)
  })

  it('secrets lie in files that only their owner can read', async () => {
    const dir = freshDir()
    const store = openFileSecretStore(join(dir, 'secrets.json'), join(dir, 'kept'))
    await store.set('TOKEN', 'hunter-two')
    await store.keep('s-1', { KEY: 'one' })
    for (const file of ['secrets.json', 'kept/s-1.json']) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600)
  })

  it('a damaged file of secrets is refused by name, never quoted, and left as it is', async () => {
    const dir = freshDir()
    const file = join(dir, 'secrets.json')
    writeFileSync(file, '{"secrets": [{"name": "TOKEN", "value": "hunter-tw')
    chmodSync(file, 0o600)
    const store = openFileSecretStore(file, join(dir, 'kept'))
    const refused = await store.set('OTHER', 'some value').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'corrupt', message: expect.stringContaining(file) })
    expect(String(refused)).not.toContain('hunter')
    expect(readFileSync(file, 'utf8')).toContain('hunter-tw')
  })

  it('a bundle whose file is gone is not counted on', async () => {
    const dir = freshDir()
    const bytes = new Blob(['x']).stream() as ReadableStream<Uint8Array>
    const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'
    const db = freshDatabase()
    const store = openFileBundleStore(db, dir)
    const [repository, tip] = ['a'.repeat(64), 'b'.repeat(40)]
    await store.put(sha256, bytes, { repository, tips: [tip], needs: [] })
    writeFileSync(join(dir, sha256), '')
    expect(await store.chain(repository, tip)).toBeUndefined()
  })

  it('values kept for a session that ended, or that a crash kept from existing, are forgotten at the next start', async () => {
    const dir = freshDir()
    const secrets = openFileSecretStore(join(dir, 'secrets.json'), join(dir, 'kept'))
    const sessions = openSqliteSessionStore(freshDatabase(), clock)
    const [active, ended, never] = [sampleSession(), sampleSession({ state: 'ended' }), sampleSession()]
    for (const session of [active, ended]) await sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
    for (const { id } of [active, ended, never]) await secrets.keep(id, { KEY: 'value' })
    const kept = join(dir, 'kept')
    await sweepKept(kept, secrets, sessions, Date.now() - 60_000)
    expect(await secrets.kept(never.id)).toEqual({ KEY: 'value' }) // it may be a dispatch that is being taken
    await sweepKept(kept, secrets, sessions, Number.POSITIVE_INFINITY)
    expect(await Promise.all([active, ended, never].map(({ id }) => secrets.kept(id)))).toEqual([{ KEY: 'value' }, {}, {}])
    await sweepKept(join(dir, 'none'), secrets, sessions, Number.POSITIVE_INFINITY)
  })
})
