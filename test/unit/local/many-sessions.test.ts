import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { Database } from '../../../local/adapters/database.ts'
import { openSqliteSessionStore } from '../../../local/adapters/sqlite-session-store.ts'
import { sampleSession } from '../../promises/sample-session.ts'

const clock = { now: () => Date.now() }
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0

const openWith = async (count: number) => {
  const file = join(mkdtempSync(join(tmpdir(), 'many-')), 'remote.db')
  const db = Database.open(file)
  const store = openSqliteSessionStore(db, clock)
  let last = ''
  for (let n = 0; n < count; n += 1) {
    const session = sampleSession(n % 100 === 0 ? {} : { state: 'ended' })
    last = session.id
    await store.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  }
  const once = async () => {
    const start = performance.now()
    await store.list({ active: true, limit: 50 })
    await store.list({ active: false, limit: 50 })
    await store.get((await store.startingWith(last, 2))[0] ?? '')
    return performance.now() - start
  }
  return { file, once }
}

it('listing and showing cost the same with 10,000 sessions as with 100', async () => {
  const [few, many] = [await openWith(100), await openWith(10_000)]
  const times: [number[], number[]] = [[], []]
  for (let run = 0; run < 60; run += 1) {
    times[0].push(await few.once())
    times[1].push(await many.once())
  }
  // With 100 sessions there is one active one to list, here there are 50: so much more may be parsed, and no more.
  expect(median(times[1])).toBeLessThan(median(times[0]) * 3)
}, 60_000)

it('no list walks over sessions it does not want', async () => {
  const { file } = await openWith(10)
  const raw = new DatabaseSync(file)
  const plan = (sql: string) =>
    raw
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row['detail']))
      .join('; ')
  expect(plan('SELECT n, record FROM sessions WHERE active = 1 AND n < 9 ORDER BY n DESC LIMIT 5')).toContain(
    'USING INDEX active_sessions',
  )
  expect(plan('SELECT n, record FROM sessions WHERE n < 9 ORDER BY n DESC LIMIT 5')).toBe(
    'SEARCH sessions USING INTEGER PRIMARY KEY (rowid<?)',
  )
  expect(plan('SELECT COUNT(*) AS n FROM sessions WHERE active = 1')).toContain('active_sessions')
  expect(plan("SELECT id FROM sessions WHERE id >= 'a' AND id < 'b'")).toMatch(/SEARCH sessions USING (COVERING )?INDEX/)
  raw.close()
})
