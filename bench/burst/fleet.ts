import { CreateFleetCommand, DescribeInstancesCommand, type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { LIMITS } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

type Machine = { id: string; session: string; attempt: string; at: number; alive: boolean }

const refused = (code: string) => Object.assign(new Error('Request limit exceeded.'), { name: code })

/** EC2 as a launch sees it: two buckets, and one machine for one client token. `launched` hears of each that is new. */
export const openFleet = (
  now: () => number,
  launched: (machine: Machine) => void,
  perSecond: number = LIMITS.launchCalls.perSecond,
) => {
  const calls = new TokenBucket(LIMITS.launchCalls.size, perSecond, now)
  const resources = new TokenBucket(LIMITS.launchedMachines.size, LIMITS.launchedMachines.perSecond, now)
  const byToken = new Map<string, Machine>()
  const bySession = new Map<string, Machine[]>()
  const byId = new Map<string, Machine>()
  const count = { created: 0, throttled: 0, described: 0 }

  const create = ({ ClientToken = '', TagSpecifications = [] }: CreateFleetCommand['input']) => {
    count.created += 1
    if (!calls.take()) {
      count.throttled += 1
      throw refused('RequestLimitExceeded')
    }
    const tag = (key: string) => TagSpecifications[0]?.Tags?.find(({ Key }) => Key === key)?.Value ?? ''
    let machine = byToken.get(ClientToken)
    if (!machine) {
      if (!resources.take()) throw refused('RequestLimitExceeded')
      const [session, attempt] = [tag('remote:session'), tag('remote:attempt')]
      machine = { id: `i-${byId.size}`, session, attempt, at: now(), alive: true }
      byToken.set(ClientToken, machine)
      byId.set(machine.id, machine)
      bySession.set(session, [...(bySession.get(session) ?? []), machine])
      launched(machine)
    }
    return { Instances: [{ InstanceIds: [machine.id] }] }
  }

  const describe = ({ Filters = [] }: DescribeInstancesCommand['input']) => {
    count.described += 1
    const wanted = (name: string) => Filters.find(({ Name }) => Name === name)?.Values?.[0]
    const found = (bySession.get(wanted('tag:remote:session') ?? '') ?? []).filter(
      ({ attempt }) => attempt === wanted('tag:remote:attempt'),
    )
    return {
      Reservations: [
        { Instances: found.map(({ id, alive }) => ({ InstanceId: id, State: { Name: alive ? 'running' : 'terminated' } })) },
      ],
    }
  }

  const send = async (command: unknown) => {
    if (command instanceof CreateFleetCommand) return create(command.input)
    if (command instanceof DescribeInstancesCommand) return describe(command.input)
    if (command instanceof TerminateInstancesCommand) {
      for (const id of command.input.InstanceIds ?? []) Object.assign(byId.get(id) ?? {}, { alive: false })
      return {}
    }
    throw new Error(`a launch makes no other call: ${(command as object).constructor.name}`)
  }
  return { ec2: { send } as unknown as EC2Client, machines: byId, bySession, count }
}
