import { RemoteError } from '../../core/contract/errors.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { WorkspaceStore } from '../../core/ports/workspace-store.ts'
import { type Item, type Key, N, openTable, S, type TableOptions, text } from './dynamo-table.ts'

/** What a workspace needs of its disk. It is made when the first machine that holds the workspace is launched: only then its zone is known. */
export type Volumes = {
  /** Deletes the workspace's volume with its data; one that is gone, or never was, is fine. May be repeated. */
  delete(workspace: string): Promise<void>
}

/** In the holder's place while the data is being removed. No session is called so. */
const DELETING = 'deleting'
const LIST = 'workspaces'
const FREE_OR_OWN = 'attribute_exists(pk) AND (attribute_not_exists(#heldBy) OR #heldBy = :holder)'
/** Where machines mount the volume. */
const MOUNT_POINT = '/workspace'

const key = (name: string): Key => ({ pk: `W#${name}`, sk: 'workspace' })

const workspaceOf = (item: Item): Workspace => {
  const { name, runtime, sizeBytes, usedBytes, createdAt, lastUsedAt, heldBy, base } = item
  return {
    name: text(name),
    runtime: text(runtime),
    sizeBytes: Number(sizeBytes?.N),
    createdAt: text(createdAt),
    ...(usedBytes?.N === undefined ? {} : { usedBytes: Number(usedBytes.N) }),
    ...(lastUsedAt?.S === undefined ? {} : { lastUsedAt: lastUsedAt.S }),
    ...(heldBy?.S === undefined || heldBy.S === DELETING ? {} : { heldBy: heldBy.S }),
    ...(base?.S === undefined ? {} : { base: base.S }),
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
    const item = await table.get(key(name))
    return item && workspaceOf(item)
  }
  const take = (name: string, holder: string) =>
    table.update({ update: key(name), set: { heldBy: S(holder) }, if: FREE_OR_OWN, values: { holder: S(holder) } })

  return {
    create: async (workspace) => {
      const { name, runtime, sizeBytes, createdAt } = workspace
      const { pk, sk } = key(name)
      const order = { listPk: S(LIST), listSk: S(name) }
      const facts = { name: S(name), runtime: S(runtime), sizeBytes: N(sizeBytes), createdAt: S(createdAt) }
      const taken = await table.putNew({ pk: S(pk), sk: S(sk), ...order, ...facts })
      if (!taken) return workspace
      throw new RemoteError('conflict', `there is a workspace named ${name} already`, {
        hint: `use it with --workspace ${name}, or choose another name`,
      })
    },
    get,
    list: async () => {
      const listed = await table.query({ index: 'list', where: '#listPk = :list', values: { list: S(LIST) } })
      const items = await table.some(listed.map((item) => key(text(item['listSk']))))
      return items.map(workspaceOf).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    delete: async (name) => {
      // Fenced first, so that no session takes it meanwhile; the record goes last, so that a crash between can be repeated.
      const isFenced = await take(name, DELETING)
      const held = isFenced ? undefined : await get(name)
      if (held) {
        throw new RemoteError('held', `session ${held.heldBy} holds the workspace ${name}`, {
          hint: `remote terminate ${held.heldBy}, then delete it`,
        })
      }
      if (!isFenced) return
      await volumes.delete(name)
      await table.delete(key(name))
    },
    hold: take,
    release: async (name, session, used) => {
      const lastUsedAt = S(new Date(clock.now()).toISOString())
      const set = { lastUsedAt, ...(used.base === undefined ? {} : { base: S(used.base) }) }
      // False: another session holds it, or nobody does any more. Then there is nothing to release.
      await table.update({ update: key(name), set, remove: ['heldBy'], if: '#heldBy = :holder', values: { holder: S(session) } })
    },
    place: (name) => `${MOUNT_POINT}/${name}`,
  }
}
