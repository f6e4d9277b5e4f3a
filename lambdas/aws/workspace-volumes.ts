import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Snapshot } from '../../core/contract/workspace.ts'
import { openAccount } from '../../core/domain/disk-account.ts'
import { wholeGb } from '../../core/domain/money.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { type Item, type Key, N, number, openTable, S, type TableOptions, text } from './dynamo-table.ts'
import type { EbsVolumes } from './ebs-volumes.ts'
import { sha256Hex } from './sha256.ts'

/** A workspace's disk, where it lies. `isUntouched`: no machine has ever had it. */
export type Disk = { workspace: string; volume: string; zone: string; sizeGb: number; isUntouched: boolean }

export type WorkspaceVolumes = ReturnType<typeof openWorkspaceVolumes>

/** In the holder's place while nobody may have it. No session is called so. */
export const FENCES = { deleting: 'deleting', moving: 'moving' } as const

export const workspaceKey = (name: string): Key => ({ pk: `W#${name}`, sk: 'workspace' })

const gone = (name: string) =>
  new RemoteError('held', `workspace ${name} is held by another, or its disk is changing`, {
    hint: 'see it: remote workspace list',
  })

/** Disks that were given up, and may not be deleted yet. */
export const sparesOf = (item: Item): string[] =>
  item['spares']?.S === undefined ? [] : (JSON.parse(item['spares'].S) as string[])

const diskOf = (name: string, item: Item): Disk => ({
  workspace: name,
  volume: text(item['volume']),
  zone: text(item['zone']),
  sizeGb: wholeGb(number(item['sizeBytes'])),
  isUntouched: item['begun'] === undefined,
})

/** Snapshots that people made. */
export const snapshotsOf = (item: Item): Snapshot[] =>
  item['snapshots']?.S === undefined ? [] : (JSON.parse(item['snapshots'].S) as Snapshot[])

/**
 * Which disk is a workspace's: attributes `zone`, `made` (how many it has had), `volume`, `begun`, `spares`, `snapshot` and
 * `carrier` (what its disk is made of, at first and while it moves) of its item; `disk` is its account (disk-accounts.ts), from when it is
 * made first until it is deleted. The zone is written
 * before the disk is made, the disk's id after it, and the disk's token follows from the item: a crash anywhere makes none twice and
 * forgets none. `holder`: who has the workspace, and alone may decide; anybody else is refused.
 */
export const openWorkspaceVolumes = ({
  ebs,
  stack,
  clock,
  ...options
}: TableOptions & { ebs: EbsVolumes; stack: string; clock: Clock }) => {
  const table = openTable(options)
  const HELD = '#heldBy = :holder'

  const read = async (name: string): Promise<Item> => {
    const item = await table.get(workspaceKey(name))
    if (item) return item
    throw new RemoteError('refused', `there is no workspace ${name} any more`, {
      hint: 'see what there is: remote workspace list',
    })
  }
  const change = async (
    name: string,
    holder: string,
    set: Item,
    more: { remove?: string[]; if?: string; values?: Item } = {},
  ) => {
    const condition = more.if === undefined ? HELD : `${HELD} AND ${more.if}`
    const values = { holder: S(holder), ...more.values }
    const done = await table.update({ update: workspaceKey(name), set, remove: more.remove ?? [], if: condition, values })
    if (!done) throw gone(name)
  }

  /** What it has of snapshots, unless somebody else has changed that meanwhile. */
  const list = async (name: string, before: Item, snapshots: readonly Snapshot[]) => {
    const set = { snapshots: S(JSON.stringify(snapshots)) }
    const was = before['snapshots']
    const condition = was ? { if: '#snapshots = :was', values: { was } } : { if: 'attribute_not_exists(#snapshots)' }
    if (await table.update({ update: workspaceKey(name), set, ...condition })) return
    throw new RemoteError('unavailable', `somebody else changes the snapshots of workspace ${name}`, { hint: 'try again' })
  }

  /** Of the zone that is written down. */
  const make = async (name: string, item: Item): Promise<string> => {
    const snapshot = item['carrier']?.S ?? item['snapshot']?.S
    const token = await sha256Hex([stack, name, text(item['createdAt']), number(item['made'])].join('\n'))
    const { zone, sizeGb } = diskOf(name, item)
    return ebs.create({ workspace: name, zone, sizeGb, token, ...(snapshot !== undefined && { snapshot }) })
  }
  /** Nobody waits for them: what cannot be deleted now is deleted another time. */
  const deleteSpares = async (name: string, holder: string, item: Item) => {
    const spares = sparesOf(item)
    // While it moves, the disk that it leaves is one of them, and stays until the next one is there.
    if (spares.length === 0 || item['carrier'] !== undefined) return
    try {
      for (const volume of spares) await ebs.delete(name, volume)
      await change(name, holder, {}, { remove: ['spares'] })
    } catch (error) {
      console.error(name, 'disks that were given up are still there', spares, error)
    }
  }

  const of = async (name: string, holder: string, zones: readonly string[]): Promise<Disk> => {
    let item = await read(name)
    if (item['zone'] === undefined) {
      const [zone] = zones
      if (zone === undefined)
        throw new RemoteError('refused', 'the stack has no subnets', { hint: 'deploy it again: remote cloud deploy' })
      await change(name, holder, { zone: S(zone), made: N(1) }, { if: 'attribute_not_exists(#zone)' })
      item = await read(name)
    }
    if (item['volume'] === undefined) {
      const volume = S(await make(name, item))
      const account = item['disk'] === undefined && { disk: S(JSON.stringify(openAccount(clock.now()))) }
      await change(name, holder, { volume, ...account })
      item = { ...item, volume }
    }
    await deleteSpares(name, holder, item)
    return diskOf(name, item)
  }

  return {
    read,
    change,
    list,
    deleteSpares,
    /** Made in the first of `zones` when the workspace has none yet. May be repeated. */
    of,
    /** An untouched disk is given up for one in another zone. */
    elsewhere: async ({ workspace, volume }: Disk, holder: string, zone: string): Promise<Disk> => {
      const item = await read(workspace)
      const set = { zone: S(zone), made: N(number(item['made']) + 1), spares: S(JSON.stringify([...sparesOf(item), volume])) }
      const same = { if: '#volume = :was AND attribute_not_exists(#begun)', values: { was: S(volume) } }
      await change(workspace, holder, set, { remove: ['volume'], ...same })
      return of(workspace, holder, [zone])
    },
    /** Resolves when the machine has it. May be repeated. */
    attach: async (name: string, holder: string, volume: string, machine: string): Promise<void> => {
      // Before the machine may write to it.
      await change(name, holder, { begun: { BOOL: true } }, { if: '#volume = :volume', values: { volume: S(volume) } })
      await ebs.attach(name, volume, machine)
    },
    /** With all data, and whatever else was made for the workspace. May be repeated. */
    delete: async (name: string, holder: string): Promise<void> => {
      const item = await table.get(workspaceKey(name))
      if (!item) return
      if (item['heldBy']?.S !== holder) throw gone(name)
      // One that was being made when its function died may be there, under its token.
      const last = item['zone'] === undefined ? [] : [item['volume']?.S ?? (await make(name, item))]
      for (const volume of [...sparesOf(item), ...last]) await ebs.delete(name, volume)
      for (const { id } of snapshotsOf(item)) await ebs.deleteSnapshot(name, id)
    },
  }
}
