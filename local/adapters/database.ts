import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { MIGRATIONS } from './migrations.ts'

/** SQLite's primary result codes that matter to us: https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

const primaryCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

const corrupt = (file: string, why: string, cause?: unknown) =>
  new RemoteError('corrupt', `the database ${file} is damaged (${why}); nothing in it was changed`, {
    hint: `restore ${file} from a backup, or move it away together with its -wal file to start an empty one; \`remote doctor\` shows what it can read`,
    cause,
  })

const translate = (file: string, error: unknown): unknown => {
  const code = primaryCode(error)
  const why = error instanceof Error ? error.message : String(error)
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return corrupt(file, why, error)
  if (code === SQLITE_FULL || code === SQLITE_IOERR) {
    return new RemoteError('unavailable', `cannot write ${file}: ${why}`, {
      hint: 'free some disk space and try again',
      cause: error,
    })
  }
  if (code === SQLITE_BUSY) {
    return new RemoteError('unavailable', `${file} is in use by another program`, {
      hint: 'close it and try again',
      cause: error,
    })
  }
  return error
}

/** One SQLite file: WAL, prepared statements kept, errors translated. */
export class Database {
  readonly file: string
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  private constructor(file: string, db: DatabaseSync) {
    this.file = file
    this.#db = db
  }

  /** Throws `corrupt` for a damaged file, `not_supported` for one of a newer version. Both leave it as it is. */
  static open(file: string): Database {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // Left behind by a crash: only then is the whole file read to check it.
    const unclean = existsSync(`${file}.open`)
    const database = Database.#guard(file, () => new Database(file, new DatabaseSync(file, { timeout: 5000 })))
    try {
      Database.#guard(file, () => database.#prepare(unclean))
    } catch (error) {
      database.#db.close()
      throw error
    }
    writeFileSync(`${file}.open`, `${process.pid}\n`, { mode: 0o600 })
    return database
  }

  static #guard<T>(file: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw translate(file, error)
    }
  }

  #prepare(unclean: boolean) {
    // NORMAL in WAL survives a crash of the process; only a power cut can take the last commits, never the file.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY')
    if (unclean) {
      const [row] = this.#db.prepare('PRAGMA quick_check(1)').all()
      if (row?.['quick_check'] !== 'ok') throw corrupt(this.file, String(row?.['quick_check']))
    }
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version > MIGRATIONS.length) {
      throw new RemoteError('not_supported', `the database ${this.file} was written by a newer version of remote`, {
        hint: 'update this one; nothing was changed',
      })
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue
      this.#db.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`)
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const made = this.#db.prepare(sql)
    this.#statements.set(sql, made)
    return made
  }

  get(sql: string, ...values: SQLInputValue[]) {
    return Database.#guard(this.file, () => this.#statement(sql).get(...values))
  }

  all(sql: string, ...values: SQLInputValue[]) {
    return Database.#guard(this.file, () => this.#statement(sql).all(...values))
  }

  /** Rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Database.#guard(this.file, () => Number(this.#statement(sql).run(...values).changes))
  }

  /** All of `work` or nothing of it. `work` is synchronous: nothing else comes between. */
  transaction<T>(work: () => T): T {
    this.run('BEGIN IMMEDIATE')
    try {
      const answer = work()
      this.run('COMMIT')
      return answer
    } catch (error) {
      if (this.#db.isTransaction) this.run('ROLLBACK')
      throw error
    }
  }

  close() {
    this.#statements.clear()
    this.#db.close()
    rmSync(`${this.file}.open`, { force: true })
  }
}
