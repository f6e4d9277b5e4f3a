import { RemoteError } from '../../core/contract/remote-error.ts'
import type { DiskAccount, Workspace } from '../../core/contract/workspace.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { WorkspaceStore } from '../../core/ports/workspace-store.ts'
import { type Item, N, openTable, S, type TableOptions, text } from './dynamo-table.ts'
import { FENCES, snapshotsOf, workspaceKey } from './workspace-volumes.ts'

/**
 * What a workspace needs of its disk. It is made when the first machine that holds the workspace is launched: only then its zone is known.
 * All may be repeated. What is deleted or moved is fenced before.
 */
export type Volumes = {
  /** Deletes the workspace's volume with its data; one that is gone, or never was, is fine. */
  delete(workspace: string): Promise<void>
  /** Begins to; whoever carries on lets it go at the end. */
  move(workspace: string, zone: string): Promise<void>
  /** Adds it to the item's `snapshots`. */
  snapshot(workspace: string): Promise<void>
  deleteSnapshot(workspace: string, snapshot: string): Promise<void>
  grow(workspace: string, sizeBytes: number): Promise<void>
}

const LIST = 'workspaces'
const FREE_OR_OWN = 'attribute_exists(pk) AND (attribute_not_exists(#heldBy) OR #heldBy = :holder)'
/** Where machines mount the volume: without its name, because a snapshot of it may become another workspace. */
const MOUNT_POINT = '/workspace'

const isFence = (holder: string | undefined): holder is string => Object.values<string | undefined>(FENCES).includes(holder)

/** By a session, or by what is being done to it. */
const held = ({ name, heldBy, movingTo }: Workspace): RemoteError => {
  if (heldBy !== undefined)
    return new RemoteError('held', `session ${heldBy} holds the workspace ${name}`, {
      hint: `remote terminate ${heldBy}, then again`,
    })
  const what = movingTo === undefined ? 'being deleted' : `on its way to ${movingTo}`
  return new RemoteError('held', `workspace ${name} is ${what}`, { hint: `see it: remote workspace show ${name}` })
}

export const workspaceOf = (item: Item): Workspace => {
  const { name, runtime, sizeBytes, usedBytes, createdAt, lastUsedAt, heldBy, base, zone, volume, movingTo, disk } = item
  const snapshots = snapshotsOf(item)
  return {
    name: text(name),
    runtime: text(runtime),
    sizeBytes: Number(sizeBytes?.N),
    createdAt: text(createdAt),
    ...(usedBytes?.N === undefined ? {} : { usedBytes: Number(usedBytes.N) }),
    ...(lastUsedAt?.S === undefined ? {} : { lastUsedAt: lastUsedAt.S }),
    ...(heldBy?.S === undefined || isFence(heldBy.S) ? {} : { heldBy: heldBy.S }),
    ...(base?.S === undefined ? {} : { base: base.S }),
    ...(zone?.S === undefined ? {} : { zone: zone.S }),
    ...(volume?.S === undefined ? {} : { volume: volume.S }),
    ...(movingTo?.S === undefined ? {} : { movingTo: movingTo.S }),
    ...(snapshots.length === 0 ? {} : { snapshots }),
    ...(disk?.S === undefined ? {} : { disk: JSON.parse(disk.S) as DiskAccount }),
  }
}

/** Items `W#<name>` / `workspace`, changed attribute by attribute: those of the volume are written by whoever launches machines. */
export const openDynamoWorkspaceStore = ({
  volumes,
  clock,
  ...options
}: TableOptions & { volumes: Volumes; clock: Clock }): WorkspaceStore => {
  const table = openTable(options)
  const get = async (name: string): Promise<Workspace | undefined> => {
    const item = await table.get(workspaceKey(name))
    return item && workspaceOf(item)
  }
  const take = (name: string, holder: string) =>
    table.update({ update: workspaceKey(name), set: { heldBy: S(holder) }, if: FREE_OR_OWN, values: { holder: S(holder) } })

  const known = async (name: string): Promise<Workspace> => {
    const workspace = await get(name)
    if (workspace) return workspace
    throw new RemoteError('not_found', `there is no workspace ${name}`, { hint: 'list them: remote workspace list' })
  }
  /** From here on no session gets it. False when there is none; throws `held`. */
  const fenced = async (name: string, fence: string): Promise<boolean> => {
    if (await take(name, fence)) return true
    const workspace = await get(name)
    if (workspace) throw held(workspace)
    return false
  }

  return {
    create: async (workspace, snapshot) => {
      const { name, runtime, sizeBytes, createdAt } = workspace
      const { pk, sk } = workspaceKey(name)
      const order = { listPk: S(LIST), listSk: S(name) }
      const facts = { name: S(name), runtime: S(runtime), sizeBytes: N(sizeBytes), createdAt: S(createdAt) }
      const source: Item = snapshot === undefined ? {} : { snapshot: S(snapshot) }
      // Tells this call's item from another's when a call whose answer was lost is made again.
      const writer = crypto.randomUUID()
      const taken = await table.putNew({ pk: S(pk), sk: S(sk), ...order, ...facts, ...source, writer: S(writer) })
      if (!taken || text(taken['writer']) === writer) return workspace
      throw new RemoteError('conflict', `there is a workspace named ${name} already`, {
        hint: `use it with --workspace ${name}, or choose another name`,
      })
    },
    get,
    list: async () => {
      const listed = await table.query({ index: 'list', where: '#listPk = :list', values: { list: S(LIST) } })
      const items = await table.some(listed.map((item) => workspaceKey(text(item['listSk']))))
      return items.map(workspaceOf).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    delete: async (name) => {
      // Fenced first, so that no session takes it meanwhile; the record goes last, so that a crash between can be repeated.
      if (!(await fenced(name, FENCES.deleting))) return
      await volumes.delete(name)
      await table.delete(workspaceKey(name))
    },
    snapshot: async (name) => {
      // One that is taken while a session begins is what lay there at one moment, as after a power cut.
      const workspace = await known(name)
      if (workspace.heldBy !== undefined || workspace.movingTo !== undefined) throw held(workspace)
      await volumes.snapshot(name)
      return known(name)
    },
    deleteSnapshot: (name, snapshot) => volumes.deleteSnapshot(name, snapshot),
    move: async (name, zone) => {
      if (await fenced(name, FENCES.moving)) await volumes.move(name, zone)
      return known(name)
    },
    resize: async (name, sizeBytes) => {
      await volumes.grow(name, sizeBytes)
      const larger = { if: '#sizeBytes <= :sizeBytes', values: { sizeBytes: N(sizeBytes) } }
      await table.update({ update: workspaceKey(name), set: { sizeBytes: N(sizeBytes) }, ...larger })
      return known(name)
    },
    hold: take,
    release: async (name, session, used) => {
      const lastUsedAt = S(new Date(clock.now()).toISOString())
      const set = { lastUsedAt, ...(used.base === undefined ? {} : { base: S(used.base) }) }
      // False: another session holds it, or nobody does any more. Then there is nothing to release.
      await table.update({
        update: workspaceKey(name),
        set,
        remove: ['heldBy'],
        if: '#heldBy = :holder',
        values: { holder: S(session) },
      })
    },
    place: () => MOUNT_POINT,
  }
}
