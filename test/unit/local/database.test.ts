import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import { Database } from '../../../local/adapters/database.ts'

const freshFile = () => join(mkdtempSync(join(tmpdir(), 'db-')), 'remote.db')
const refusal = (work: () => unknown): RemoteError => {
  try {
    work()
  } catch (error) {
    if (error instanceof RemoteError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

it('a file that is no database is refused, named, and left as it is', () => {
  const file = freshFile()
  writeFileSync(file, 'this is a letter to my aunt\n'.repeat(100))
  const before = readFileSync(file)
  const { code, message, hint } = refusal(() => Database.open(file))
  expect(code).toBe('corrupt')
  expect(message).toContain(file)
  expect(hint).toContain('remote doctor')
  expect(readFileSync(file).equals(before)).toBe(true)
})

const fill = (file: string) => {
  const db = Database.open(file)
  for (let n = 0; n < 500; n += 1) {
    db.run(
      'INSERT INTO sessions (id, version, active, record) VALUES (?, 1, 1, ?)',
      `s-${n}`,
      JSON.stringify({ n, pad: 'x'.repeat(500) }),
    )
  }
  return db
}

it('pages damaged by a crash are found at the next open', () => {
  const file = freshFile()
  fill(file).close()
  // What a crash leaves: the mark of an open database.
  writeFileSync(`${file}.open`, '1\n')
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 8192, 8192 + 40_000)
  writeFileSync(file, bytes)
  expect(refusal(() => Database.open(file)).code).toBe('corrupt')
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

it('a database of a newer version is refused and not changed', () => {
  const file = freshFile()
  Database.open(file).close()
  const raw = new DatabaseSync(file)
  raw.exec('PRAGMA user_version = 999')
  raw.close()
  expect(refusal(() => Database.open(file)).code).toBe('not_supported')
})

it('a transaction that fails leaves nothing', () => {
  const db = Database.open(freshFile())
  expect(() =>
    db.transaction(() => {
      db.run("INSERT INTO workspaces (name, record) VALUES ('a', '{}')")
      throw new Error('stop')
    }),
  ).toThrow('stop')
  expect(db.all('SELECT name FROM workspaces')).toEqual([])
  db.close()
})

it('what was written before a kill is there afterwards', () => {
  const file = freshFile()
  fill(file)
  // Never closed: the second opening finds the mark and checks.
  const again = Database.open(file)
  expect(again.get('SELECT COUNT(*) AS n FROM sessions')?.['n']).toBe(500)
  again.close()
})
