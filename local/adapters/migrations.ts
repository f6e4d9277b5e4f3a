/** Schema changes in order; `user_version` says how many of them a file has seen. Never edit one that was released: add another. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sessions (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    active INTEGER NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX active_sessions ON sessions (n) WHERE active = 1;
  CREATE TABLE keys (value TEXT PRIMARY KEY, body_hash TEXT NOT NULL, session TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE timeline (
    session TEXT NOT NULL,
    n INTEGER NOT NULL,
    entry TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (session, n)
  ) WITHOUT ROWID;
  CREATE TABLE inbox (
    session TEXT NOT NULL,
    n INTEGER NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (session, n)
  ) WITHOUT ROWID;
  CREATE TABLE bundles (
    sha256 TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    needs TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE tips (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    repository TEXT NOT NULL,
    tip TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES bundles (sha256) ON DELETE CASCADE,
    UNIQUE (repository, tip, sha256)
  );
  CREATE INDEX newest_tips ON tips (repository, n);
  CREATE TABLE workspaces (
    name TEXT PRIMARY KEY,
    held_by TEXT,
    record TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE ledger (
    day TEXT NOT NULL,
    session TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (day, session)
  ) WITHOUT ROWID;
  CREATE TABLE spent (day TEXT PRIMARY KEY, micro_usd INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE budget (n INTEGER PRIMARY KEY CHECK (n = 1), daily_usd REAL, set_by TEXT NOT NULL, set_at TEXT NOT NULL);
  `,
  `
  CREATE TABLE audit (id TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID;
  `,
  'CREATE TABLE prices (n INTEGER PRIMARY KEY CHECK (n = 1), price_table TEXT NOT NULL);',
]
