import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import type { Ports } from '../../core/ports/ports.ts'
import { openDynamoMachineStore } from './dynamo-machine-store.ts'
import { openTable, S, type TableOptions, text } from './dynamo-table.ts'
import { eachAlone } from './each-alone.ts'
import { orphanedMachine } from './orphaned-machine.ts'
import { type Orphan, type Seen, type Sighting, twiceSeen } from './orphans.ts'
import { seenOf, stackMachines } from './stack-machines.ts'

export type Sweeping = TableOptions & {
  ec2: EC2Client
  ports: Pick<Ports, 'sessions' | 'clock'>
  stack: string
  /** Of every machine of the stack, tags or not. */
  machineProfileArn: string
  /** Tells people what had to be ended. */
  publish(subject: string, message: string): Promise<void>
}
/** `failed`: what could not be looked at or done, and will be tried again in the next sweep. */
export type Swept = { machines: number; orphans: Orphan[]; killed: string[]; failed: string[] }

const idOf = ({ id }: { id: string }) => id
const SIGHTINGS = { pk: 'janitor', sk: 'sightings' }

/**
 * The third guard, beside the lifecycle and the machine's own timer: compares what runs in the account with the records, and ends what is
 * nobody's in two sweeps. It looks at EC2, not at what we believe to have launched. Fails closed: what cannot be read is left alone, and
 * keeps it from nothing else.
 */
export const openJanitor = ({ ec2, ports, stack, machineProfileArn, publish, ...options }: Sweeping) => {
  const table = openTable(options)
  const { clock } = ports
  const orphaned = orphanedMachine({ ...ports, machines: openDynamoMachineStore({ ...options, now: clock.now }) })

  const machines = async (): Promise<Seen[]> => (await stackMachines({ ec2, stack, machineProfileArn })).map(seenOf)

  const orphans = async (all: readonly Seen[], failed: string[]): Promise<Orphan[]> => {
    const found = await eachAlone(all, failed, idOf, orphaned)
    return found.filter((orphan) => orphan !== undefined)
  }

  const sightings = async (): Promise<Sighting[]> => {
    const item = await table.get(SIGHTINGS)
    return item ? (JSON.parse(text(item['list'])) as Sighting[]) : []
  }

  const kill = async ({ id, session, why }: Orphan): Promise<string> => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    const told = publish(`remote ended a machine: ${id}`, `${id} (session ${session ?? 'unknown'}) was ended because ${why}.`)
    await told.catch((error: unknown) => console.error('not told', id, error)) // it is ended all the same, and counted by an alarm
    return id
  }

  const endTwiceSeen = async (found: readonly Orphan[], failed: string[]): Promise<string[]> => {
    const seen = twiceSeen(found, await sightings(), clock.now())
    await table.put({ put: { pk: S(SIGHTINGS.pk), sk: S(SIGHTINGS.sk), list: S(JSON.stringify(seen.sightings)) } })
    return eachAlone(seen.kill, failed, idOf, kill)
  }

  /** One sweep. `dry`: only tells. */
  return async ({ dry = false } = {}): Promise<Swept> => {
    const failed: string[] = []
    const all = await machines()
    const found = await orphans(all, failed)
    if (dry) return { machines: all.length, orphans: found, killed: [], failed }
    return { machines: all.length, orphans: found, killed: await endTwiceSeen(found, failed), failed }
  }
}
