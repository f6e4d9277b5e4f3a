import { RemoteError } from '../../core/contract/remote-error.ts'
import { openAccount, settledDisk } from '../../core/domain/disk-account.ts'
import { pricesOf } from '../../core/domain/prices.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { PriceStore } from '../../core/ports/price-store.ts'
import { spentItems } from './dynamo-ledger.ts'
import { N, openTable, S, type TableOptions } from './dynamo-table.ts'
import { workspaceOf } from './dynamo-workspace-store.ts'
import { FENCES, workspaceKey } from './workspace-volumes.ts'

type Accounts = TableOptions & { prices: Pick<PriceStore, 'get'>; clock: Clock }
/** What changes with the account, all or nothing. */
type Change = { sizeBytes?: number; closes?: boolean }

/** Each lost race means that somebody else has counted it. */
const MAX_RACES = 100

/**
 * What disks of workspaces cost, brought to the ledger: attribute `disk` of a workspace's item says how much of it is there. Entries, sums
 * and account are one transaction, on condition that nobody else has counted meanwhile.
 */
export const openDiskAccounts = ({ prices, clock, ...options }: Accounts) => {
  const table = openTable(options)

  /** Of a disk that was made before accounts were kept, or by a function that died right then. */
  const open = async (name: string, volume: string, now: number) => {
    const condition =
      'attribute_not_exists(#disk) AND #volume = :volume AND (attribute_not_exists(#heldBy) OR #heldBy <> :deleting)'
    const values = { volume: S(volume), deleting: S(FENCES.deleting) }
    const disk = S(JSON.stringify(openAccount(now)))
    await table.update({ update: workspaceKey(name), set: { disk }, if: condition, values })
  }

  const settle = async (name: string, { sizeBytes = 0, closes = false }: Change = {}): Promise<void> => {
    const { usdPerGbMonth } = pricesOf(await prices.get())
    for (let race = 0; race < MAX_RACES; ) {
      const item = await table.get(workspaceKey(name))
      if (!item) return
      const now = clock.now()
      const workspace = workspaceOf(item)
      const was = item['disk']
      if (!workspace.disk || !was) return workspace.volume === undefined ? undefined : open(name, workspace.volume, now)
      const { disk, spent } = settledDisk(workspace, workspace.disk, now, usdPerGbMonth)
      // Years may have passed: then this is the first part.
      const isAll = Date.parse(disk.countedTo) >= now
      const isLarger = isAll && sizeBytes > workspace.sizeBytes
      const account = { set: { disk: S(JSON.stringify(disk)), ...(isLarger && { sizeBytes: N(sizeBytes) }) } }
      const change = closes && isAll ? { remove: ['disk'] } : account
      const update = { update: workspaceKey(name), ...change, if: '#disk = :was', values: { was } }
      const isWritten = await table.write([update, ...spentItems(name, spent)])
      if (isWritten && isAll) return
      if (!isWritten) race += 1
    }
    throw new RemoteError('unavailable', `the account of workspace ${name} changes too quickly`, { hint: 'try again' })
  }

  return {
    /** All up to now. May be repeated. */
    settle: (name: string) => settle(name),
    /** From now on it costs what that size costs. */
    grow: (name: string, sizeBytes: number) => settle(name, { sizeBytes }),
    /** The disk is gone, and nobody gets the workspace any more. */
    close: (name: string) => settle(name, { closes: true }),
  }
}
export type DiskAccounts = ReturnType<typeof openDiskAccounts>
