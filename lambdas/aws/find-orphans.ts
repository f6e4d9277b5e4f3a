import type { Instance } from '@aws-sdk/client-ec2'
import type { Orphan, Orphans } from '../../core/contract/operate.ts'
import type { Session } from '../../core/contract/session.ts'
import { type Prices, pricesOf } from '../../core/domain/prices.ts'
import type { Ports } from '../../core/ports/ports.ts'
import type { MachineStore } from './dynamo-machine-store.ts'
import { orphanedMachine } from './orphaned-machine.ts'
import type { Orphan as Nobodys } from './orphans.ts'
import { orphanedDisks, stackDisks } from './stack-disks.ts'
import { type Known, seenOf, stackMachines } from './stack-machines.ts'

export type Looking = Known & {
  ports: Pick<Ports, 'sessions' | 'workspaces' | 'prices' | 'clock'>
  shared: Pick<MachineStore, 'of'>
}
export type Found = Orphans & { machines: readonly Instance[] }

const PAGE = 100
/** The lifecycle notices by itself, within a heartbeat; longer than that nobody did. */
const LOST_AFTER_MS = 5 * 60_000

const described = (machine: Instance, orphan: Nobodys, prices: Prices): Orphan => {
  const { InstanceType: instance = '', InstanceLifecycle, Placement, State } = machine
  const spot = InstanceLifecycle === 'spot'
  const isPaid = State?.Name === 'running' || State?.Name === 'pending'
  const what = [instance, spot ? 'spot' : '', Placement?.AvailabilityZone, State?.Name].filter(Boolean).join(', ')
  return {
    kind: 'machine',
    id: orphan.id,
    what,
    why: orphan.why,
    ...(orphan.session !== undefined && { session: orphan.session }),
    since: new Date(seenOf(machine).launchedAt).toISOString(),
    usdPerHour: isPaid ? prices.ofMachine({ instance, spot, zone: Placement?.AvailabilityZone }) + prices.usdPerAddressHour : 0,
  }
}

/** A record that has a machine which is not there any more. */
export const lost = (session: Session, alive: ReadonlySet<string>, now: number): Orphan | undefined => {
  const attempt = session.attempts.at(-1)
  if (attempt?.machine === undefined || attempt.endedAt !== undefined || attempt.launchedAt === undefined) return undefined
  if (alive.has(attempt.machine) || now - Date.parse(attempt.launchedAt) < LOST_AFTER_MS) return undefined
  const why = `its record says ${session.state}, and ${attempt.machine} is gone`
  return { kind: 'session', id: session.id, what: session.title, why, since: attempt.launchedAt, usdPerHour: 0 }
}

/** Everything of the stack that no live record knows, and records whose machine is gone. Changes nothing. */
export const findOrphans = async ({ ports, shared, ...known }: Looking): Promise<Found> => {
  const { sessions, workspaces, clock } = ports
  const prices = pricesOf(await ports.prices.get())
  const [machines, disks] = await Promise.all([stackMachines(known), stackDisks(known.ec2, known.stack)])
  const orphaned = orphanedMachine({ sessions, clock, machines: shared })
  const orphans: Orphan[] = []
  for (const machine of machines) {
    const orphan = await orphaned(seenOf(machine))
    if (orphan) orphans.push(described(machine, orphan, prices))
  }
  // After the disks: what has become a workspace's own meanwhile is known to be.
  const living = new Map((await workspaces.list()).map((workspace) => [workspace.name, workspace]))
  orphans.push(...orphanedDisks(disks, { workspaces: living, now: clock.now(), usdPerGbMonth: prices.usdPerGbMonth }))
  const alive = new Set(machines.map(({ InstanceId = '' }) => InstanceId))
  let cursor: string | undefined
  do {
    const page = await sessions.list({ active: true, limit: PAGE, cursor })
    orphans.push(...page.sessions.flatMap((session) => lost(session, alive, clock.now()) ?? []))
    cursor = page.next
  } while (cursor !== undefined)
  const looked = { machines: machines.length, volumes: disks.volumes.length, snapshots: disks.snapshots.length }
  return { orphans, looked, machines }
}
