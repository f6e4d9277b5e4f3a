import { mkdir, opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/errors.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { WorkspaceStore } from '../../core/ports/workspace-store.ts'
import type { Database } from './database.ts'
import { isMissing } from './read-json.ts'
import { removeTree } from './remove-tree.ts'

/** More entries than this are not counted: a size is worth a moment, not a minute. */
const MAX_COUNTED = 100_000
/** In the holder's place while the data is being removed. No session is called so. */
const DELETING = 'deleting'

const usedBytes = async (dir: string): Promise<number | undefined> => {
  let entries = 0
  let bytes = 0
  for await (const entry of await opendir(dir, { recursive: true })) {
    entries += 1
    if (entries > MAX_COUNTED) return undefined
    if (!entry.isFile()) continue
    try {
      bytes += (await stat(join(entry.parentPath, entry.name))).blocks * 512
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return bytes
}

/** Workspaces as directories; who holds which is in SQLite. */
export const openDirectoryWorkspaceStore = (db: Database, dir: string, clock: Clock): WorkspaceStore => {
  const place = (name: string) => join(dir, name)
  const parse = (row: Record<string, unknown>): Workspace => {
    const { heldBy: _, ...record } = JSON.parse(String(row['record'])) as Workspace
    const holder = row['held_by']
    return holder === null || holder === DELETING ? record : { ...record, heldBy: String(holder) }
  }
  const get = (name: string) => {
    const row = db.get('SELECT held_by, record FROM workspaces WHERE name = ?', name)
    return row && parse(row)
  }

  return {
    create: async (workspace) => {
      const inserted = db.run(
        'INSERT INTO workspaces (name, held_by, record) VALUES (?, NULL, ?) ON CONFLICT (name) DO NOTHING',
        workspace.name,
        JSON.stringify(workspace),
      )
      if (inserted === 0) {
        throw new RemoteError('conflict', `there is a workspace named ${workspace.name} already`, {
          hint: `use it with --workspace ${workspace.name}, or choose another name`,
        })
      }
      await mkdir(place(workspace.name), { recursive: true, mode: 0o700 })
      return workspace
    },
    get: async (name) => get(name),
    list: async () => db.all('SELECT held_by, record FROM workspaces ORDER BY name').map(parse),
    delete: async (name) => {
      // Fenced first, so that no session takes it meanwhile; the row goes last, so that a crash between can be repeated.
      const fenced = db.run(
        'UPDATE workspaces SET held_by = ? WHERE name = ? AND (held_by IS NULL OR held_by = ?)',
        DELETING,
        name,
        DELETING,
      )
      const held = get(name)
      if (fenced === 0 && held) {
        throw new RemoteError('held', `session ${held.heldBy} holds the workspace ${name}`, {
          hint: `remote terminate ${held.heldBy}, then delete it`,
        })
      }
      await removeTree(place(name))
      db.run('DELETE FROM workspaces WHERE name = ?', name)
    },
    hold: async (name, session) => {
      const held = db.run(
        'UPDATE workspaces SET held_by = ? WHERE name = ? AND (held_by IS NULL OR held_by = ?)',
        session,
        name,
        session,
      )
      if (held === 1) await mkdir(place(name), { recursive: true, mode: 0o700 })
      return held === 1
    },
    release: async (name, session, used) => {
      const held = get(name)
      if (held?.heldBy !== session) return
      await mkdir(place(name), { recursive: true, mode: 0o700 })
      const bytes = await usedBytes(place(name))
      const { heldBy: _, ...rest } = held
      const record: Workspace = {
        ...rest,
        lastUsedAt: new Date(clock.now()).toISOString(),
        ...(bytes === undefined ? {} : { usedBytes: bytes }),
        ...(used.base === undefined ? {} : { base: used.base }),
      }
      db.run(
        'UPDATE workspaces SET held_by = NULL, record = ? WHERE name = ? AND held_by = ?',
        JSON.stringify(record),
        name,
        session,
      )
    },
    place,
  }
}
