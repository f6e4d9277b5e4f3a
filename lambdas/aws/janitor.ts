import { DescribeInstancesCommand, type EC2Client, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import type { Session } from '../../core/contract/session.ts'
import type { Ports } from '../../core/ports/ports.ts'
import { openTable, S, type TableOptions, text } from './dynamo-table.ts'
import { TAGS } from './fleet-request.ts'
import { type Orphan, orphanOf, type Seen, type Sighting, twiceSeen } from './orphans.ts'

export type Sweeping = TableOptions & {
  ec2: EC2Client
  ports: Pick<Ports, 'sessions' | 'lifecycle' | 'clock'>
  stack: string
  /** Of every machine of the stack, tags or not. */
  machineProfileArn: string
  /** Tells people what had to be ended. */
  publish(subject: string, message: string): Promise<void>
}
export type Swept = { machines: number; orphans: Orphan[]; killed: string[]; begun: string[] }

const SIGHTINGS = { pk: 'janitor', sk: 'sightings' }
/** A session that nobody has begun after so long: its caller died between the record and the lifecycle. */
const BEGIN_AFTER_MS = 2 * 60_000
const PAGE = 100

const seenOf = ({ InstanceId = '', LaunchTime, Tags = [] }: Instance): Seen => ({
  id: InstanceId,
  launchedAt: LaunchTime?.getTime() ?? 0,
  tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
})

/**
 * The third guard, beside the lifecycle and the machine's own timer: compares what runs in the account with the records, and ends what is
 * nobody's in two sweeps. It looks at EC2, not at what we believe to have launched. Fails closed: what cannot be read is left alone.
 */
export const openJanitor = ({ ec2, ports, stack, machineProfileArn, publish, ...options }: Sweeping) => {
  const table = openTable(options)
  const { sessions, lifecycle, clock } = ports

  const running = async (filter: { Name: string; Values: string[] }): Promise<Instance[]> => {
    const found: Instance[] = []
    let NextToken: string | undefined
    do {
      const Filters = [filter, { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }]
      const page = await ec2.send(new DescribeInstancesCommand({ Filters, ...(NextToken && { NextToken }) }))
      found.push(...(page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances))
      NextToken = page.NextToken
    } while (NextToken)
    return found
  }

  /** By our tag, and by their profile: a spot request may bring machines without tags. */
  const machines = async (): Promise<Seen[]> => {
    const byTag = await running({ Name: `tag:${TAGS.stack}`, Values: [stack] })
    const byProfile = await running({ Name: 'iam-instance-profile.arn', Values: [machineProfileArn] })
    return [...new Map([...byTag, ...byProfile].map((one) => [one.InstanceId, seenOf(one)])).values()]
  }

  const orphans = async (all: readonly Seen[]): Promise<Orphan[]> => {
    const found: Orphan[] = []
    for (const machine of all) {
      const name = machine.tags[TAGS.session]
      const session = name === undefined ? undefined : await sessions.get(name)
      const orphan = orphanOf(machine, session, clock.now())
      if (orphan) found.push(orphan)
    }
    return found
  }

  const sightings = async (): Promise<Sighting[]> => {
    const item = await table.get(SIGHTINGS)
    return item ? (JSON.parse(text(item['list'])) as Sighting[]) : []
  }

  const kill = async ({ id, session, why }: Orphan): Promise<string> => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    await publish(`remote ended a machine: ${id}`, `${id} (session ${session ?? 'unknown'}) was ended because ${why}.`)
    return id
  }

  const beginForgotten = async (): Promise<string[]> => {
    const begun: string[] = []
    let cursor: string | undefined
    do {
      const page = await sessions.list({ active: true, limit: PAGE, cursor })
      const isForgotten = ({ state, createdAt }: Session) =>
        state === 'queued' && clock.now() - Date.parse(createdAt) > BEGIN_AFTER_MS
      for (const { id } of page.sessions.filter(isForgotten)) {
        await lifecycle.begin(id)
        begun.push(id)
      }
      cursor = page.next
    } while (cursor !== undefined)
    return begun
  }

  /** One sweep. `dry`: only tells. */
  return async ({ dry = false } = {}): Promise<Swept> => {
    const all = await machines()
    const found = await orphans(all)
    const seen = twiceSeen(found, await sightings(), clock.now())
    if (dry) return { machines: all.length, orphans: found, killed: [], begun: [] }
    await table.put({ put: { pk: S(SIGHTINGS.pk), sk: S(SIGHTINGS.sk), list: S(JSON.stringify(seen.sightings)) } })
    const killed: string[] = []
    for (const orphan of seen.kill) killed.push(await kill(orphan))
    return { machines: all.length, orphans: found, killed, begun: await beginForgotten() }
  }
}
