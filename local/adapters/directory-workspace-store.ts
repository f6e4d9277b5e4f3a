import { mkdir, opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { WorkspaceStore } from '../../core/ports/workspace-store.ts'
import type { Database } from './database.ts'
import { isMissing } from './read-json.ts'
import { removeTree } from './remove-tree.ts'
import { openWorkspaceSnapshots } from './workspace-snapshots.ts'

/** More entries than this are not counted: a size is worth a moment, not a minute. */
const MAX_COUNTED = 100_000
/** In the holder's place while the data is being removed, or copied. No session is called so. */
const FENCES = { deleting: 'deleting', copying: 'copying' } as const
const isFence = (holder: unknown) => holder === FENCES.deleting || holder === FENCES.copying

const held = ({ name, heldBy }: Workspace): RemoteError =>
  heldBy === undefined
    ? new RemoteError('held', `workspace ${name} is being copied or deleted`, { hint: 'try again when that is done' })
    : new RemoteError('held', `session ${heldBy} holds the workspace ${name}`, { hint: `remote terminate ${heldBy}, then again` })

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

export type DirectoryWorkspaceStore = WorkspaceStore & {
  /** Resolves when what a daemon that died left half done is away: copies, deletions, workspaces that were to begin with a copy. */
  recovered: Promise<void>
}

/** Workspaces as directories; who holds which is in SQLite. */
export const openDirectoryWorkspaceStore = (db: Database, dir: string, clock: Clock): DirectoryWorkspaceStore => {
  const place = (name: string) => join(dir, name)
  const parse = (row: Record<string, unknown>): Workspace => {
    const { heldBy: _, ...record } = JSON.parse(String(row['record'])) as Workspace
    const holder = row['held_by']
    return holder === null || isFence(holder) ? record : { ...record, heldBy: String(holder) }
  }
  const get = (name: string) => {
    const row = db.get('SELECT held_by, record FROM workspaces WHERE name = ?', name)
    return row && parse(row)
  }
  const take = (name: string, holder: string): boolean =>
    db.run('UPDATE workspaces SET held_by = ? WHERE name = ? AND (held_by IS NULL OR held_by = ?)', holder, name, holder) === 1
  const free = (name: string, holder: string) =>
    db.run('UPDATE workspaces SET held_by = NULL WHERE name = ? AND held_by = ?', name, holder)
  const known = (name: string): Workspace => {
    const found = get(name)
    if (found) return found
    throw new RemoteError('not_found', `there is no workspace ${name}`, { hint: 'list them: remote workspace list' })
  }
  const write = (workspace: Workspace): Workspace => {
    const { heldBy: _, ...record } = workspace
    db.run('UPDATE workspaces SET record = ? WHERE name = ?', JSON.stringify(record), workspace.name)
    return workspace
  }
  const snapshots = openWorkspaceSnapshots(dir)
  // Of a daemon that died while it copied: nobody else does.
  db.run('UPDATE workspaces SET held_by = NULL WHERE held_by = ?', FENCES.copying)

  const remove = async (name: string, kept: Workspace['snapshots']) => {
    await removeTree(place(name))
    for (const { id } of kept ?? []) await snapshots.delete(id)
    db.run('DELETE FROM workspaces WHERE name = ? AND held_by = ?', name, FENCES.deleting)
  }
  // Known now, while nobody else does any of it, and done beside whatever comes.
  const cutOff = db.all('SELECT held_by, record FROM workspaces WHERE held_by = ?', FENCES.deleting).map(parse)
  const drafts = snapshots.drafts()
  const recover = async () => {
    for (const draft of drafts) await snapshots.delete(draft)
    for (const workspace of cutOff) await remove(workspace.name, workspace.snapshots)
  }
  const recovered = recover()
  recovered.catch(() => undefined) // for whoever asks

  return {
    recovered,
    create: async (workspace, snapshot) => {
      const inserted = db.run(
        'INSERT INTO workspaces (name, held_by, record) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
        workspace.name,
        snapshot === undefined ? null : FENCES.deleting,
        JSON.stringify(workspace),
      )
      if (inserted === 0) {
        throw new RemoteError('conflict', `there is a workspace named ${workspace.name} already`, {
          hint: `use it with --workspace ${workspace.name}, or choose another name`,
        })
      }
      await mkdir(place(workspace.name), { recursive: true, mode: 0o700 })
      if (snapshot !== undefined) {
        // Until what it is to hold lies in it nobody gets it; one that is cut off here is removed at the next start.
        try {
          await snapshots.restore(snapshot, place(workspace.name))
        } catch (error) {
          db.run('DELETE FROM workspaces WHERE name = ?', workspace.name)
          throw error
        }
        free(workspace.name, FENCES.deleting)
      }
      return workspace
    },
    get: async (name) => get(name),
    list: async () => db.all('SELECT held_by, record FROM workspaces ORDER BY name').map(parse),
    delete: async (name) => {
      // Fenced first, so that no session takes it meanwhile; the row goes last, so that a crash between can be repeated.
      const isFenced = take(name, FENCES.deleting)
      const found = get(name)
      if (!isFenced && found) throw held(found)
      await remove(name, found?.snapshots)
    },
    snapshot: async (name) => {
      const found = known(name)
      // What a session changes while it is copied would be torn.
      if (!take(name, FENCES.copying)) throw held(found)
      try {
        const id = await snapshots.take(place(name))
        const made = { id, createdAt: new Date(clock.now()).toISOString(), sizeBytes: found.sizeBytes }
        return write({ ...known(name), snapshots: [...(found.snapshots ?? []), made] })
      } finally {
        free(name, FENCES.copying)
      }
    },
    deleteSnapshot: async (name, snapshot) => {
      const found = known(name)
      write({ ...found, snapshots: (found.snapshots ?? []).filter(({ id }) => id !== snapshot) })
      await snapshots.delete(snapshot)
    },
    move: async (name) => {
      throw new RemoteError('not_supported', `workspace ${name} is a directory of this computer, which has no zones`, {
        hint: 'workspaces of a cloud can be moved: --on cloud',
      })
    },
    resize: async (name, sizeBytes) => write({ ...known(name), sizeBytes }),
    hold: async (name, session) => {
      const isHeld = take(name, session)
      if (isHeld) await mkdir(place(name), { recursive: true, mode: 0o700 })
      return isHeld
    },
    release: async (name, session, used) => {
      const holding = get(name)
      if (holding?.heldBy !== session) return
      await mkdir(place(name), { recursive: true, mode: 0o700 })
      const bytes = await usedBytes(place(name))
      const { heldBy: _, ...rest } = holding
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
