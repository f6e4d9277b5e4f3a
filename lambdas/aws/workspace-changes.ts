import { RemoteError } from '../../core/contract/remote-error.ts'
import { wholeGb } from '../../core/domain/money.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { DiskAccounts } from './disk-accounts.ts'
import { type Item, N, number, S, text } from './dynamo-table.ts'
import type { Volumes } from './dynamo-workspace-store.ts'
import { eachAlone } from './each-alone.ts'
import type { EbsVolumes } from './ebs-volumes.ts'
import { sha256Hex } from './sha256.ts'
import { FENCES, snapshotsOf, sparesOf, type WorkspaceVolumes } from './workspace-volumes.ts'

type Changing = {
  disks: WorkspaceVolumes
  ebs: EbsVolumes
  accounts: DiskAccounts
  stack: string
  zones: readonly string[]
  clock: Clock
  /** Names of all workspaces. */
  names(): Promise<string[]>
}

const nothingThere = (name: string) =>
  new RemoteError('refused', `workspace ${name} has no disk yet: no session has used it`, {
    hint: `use it: remote dispatch "…" --workspace ${name}`,
  })

/** What people do with disks of workspaces. A move is in the record, step by step, and goes on from wherever it was cut off. */
export const openWorkspaceChanges = ({ disks, ebs, accounts, stack, zones, clock, names }: Changing) => {
  const { read, change } = disks
  const tokenOf = (name: string, item: Item, ...more: string[]) =>
    sha256Hex([stack, name, text(item['createdAt']), String(number(item['made'])), ...more].join('\n'))

  const moveEmpty = async (name: string, item: Item, zone: string) => {
    // Its disk, if there is one, holds nothing; the next session makes it there.
    const spares = [...sparesOf(item), ...(item['volume'] === undefined ? [] : [text(item['volume'])])]
    const set = { zone: S(zone), made: N(number(item['made']) + 1), spares: S(JSON.stringify(spares)) }
    await change(name, FENCES.moving, set, { remove: ['volume', 'heldBy', 'movingTo'] })
  }

  /** EBS answers first and makes it then, which may fail. What it is made of is there still. */
  const makeAnother = async (name: string, item: Item, volume: string) => {
    await ebs.delete(name, volume)
    const same = { if: '#volume = :failed', values: { failed: S(volume) } }
    await change(name, FENCES.moving, { made: N(number(item['made']) + 1) }, { remove: ['volume'], ...same })
    throw new RemoteError('unavailable', `EBS could not make the disk of workspace ${name} in ${text(item['zone'])}`, {
      hint: `it is tried again: remote workspace show ${name}`,
    })
  }

  /** One step after the other, each of which may be repeated. Resolves early where a snapshot must be waited for. */
  const carryOn = async (name: string): Promise<void> => {
    let item = await read(name)
    if (item['heldBy']?.S !== FENCES.moving) return
    const zone = text(item['movingTo'])
    if (item['begun'] === undefined) return moveEmpty(name, item, zone)
    if (text(item['zone']) !== zone) {
      const volume = text(item['volume'])
      const { id, isComplete } = await ebs.snapshot(name, volume, await tokenOf(name, item, 'move'))
      if (!isComplete) return
      const spares = S(JSON.stringify([...sparesOf(item), volume]))
      const set = { zone: S(zone), made: N(number(item['made']) + 1), spares, carrier: S(id) }
      await change(name, FENCES.moving, set, { remove: ['volume'] })
      item = await read(name)
    }
    const { volume } = await disks.of(name, FENCES.moving, [zone])
    if (!(await ebs.isMade(name, volume))) return makeAnother(name, item, volume)
    // Only now is what it was made of not needed any more: the snapshot, and the disk that it left.
    if (item['carrier'] !== undefined) await ebs.deleteSnapshot(name, text(item['carrier']))
    await change(name, FENCES.moving, {}, { remove: ['carrier'] })
    await disks.deleteSpares(name, FENCES.moving, await read(name))
    await change(name, FENCES.moving, {}, { remove: ['heldBy', 'movingTo'] })
  }

  const volumes: Volumes = {
    delete: async (name) => {
      await disks.delete(name, FENCES.deleting)
      await accounts.close(name)
    },
    move: async (name, zone) => {
      const item = await read(name)
      const known = item['movingTo']?.S
      if (known !== undefined && known !== zone)
        throw new RemoteError('conflict', `workspace ${name} is on its way to ${known}`, {
          hint: `wait for it: remote workspace show ${name}`,
        })
      if (!zones.includes(zone)) {
        await change(name, FENCES.moving, {}, { remove: ['heldBy', 'movingTo'] })
        throw new RemoteError('refused', `the stack has no subnet in ${zone}`, { hint: `zones: ${zones.join(', ')}` })
      }
      await change(name, FENCES.moving, { movingTo: S(zone) })
      await carryOn(name)
    },
    snapshot: async (name) => {
      const item = await read(name)
      if (item['volume'] === undefined || item['begun'] === undefined) throw nothingThere(name)
      // As it was left by its last session: the same state twice is one snapshot.
      const known = snapshotsOf(item)
      const token = await tokenOf(name, item, 'kept', text(item['lastUsedAt']))
      const { id } = await ebs.snapshot(name, text(item['volume']), token)
      if (known.some((one) => one.id === id)) return
      const made = { id, createdAt: new Date(clock.now()).toISOString(), sizeBytes: number(item['sizeBytes']) }
      await disks.list(name, item, [...known, made])
    },
    deleteSnapshot: async (name, snapshot) => {
      const item = await read(name)
      await ebs.deleteSnapshot(name, snapshot)
      await disks.list(
        name,
        item,
        snapshotsOf(item).filter(({ id }) => id !== snapshot),
      )
    },
    grow: async (name, sizeBytes) => {
      const { volume, zone } = await read(name)
      if (volume === undefined && zone !== undefined)
        throw new RemoteError('unavailable', `the disk of workspace ${name} is being made`, { hint: 'try again in a minute' })
      if (volume === undefined) return
      await ebs.grow(name, text(volume), wholeGb(sizeBytes))
      await accounts.grow(name, sizeBytes)
    },
  }

  return {
    volumes,
    carryOn,
    /** Takes up whatever was cut off. One that fails keeps no other from it, and is told by the failure of the whole. */
    carryOnAll: async (): Promise<void> => {
      const failed: string[] = []
      await eachAlone(await names(), failed, (name) => name, carryOn)
      if (failed.length > 0) throw new Error(`could not be moved on: ${failed.join(', ')}`)
    },
  }
}
