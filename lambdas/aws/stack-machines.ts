import { DescribeInstancesCommand, type EC2Client, type Instance } from '@aws-sdk/client-ec2'
import { TAGS } from './fleet-request.ts'
import type { Seen } from './orphans.ts'

export type Known = {
  ec2: EC2Client
  stack: string
  /** Of every machine of the stack, tags or not. */
  machineProfileArn: string
}

export const seenOf = ({ InstanceId = '', LaunchTime, Tags = [] }: Instance): Seen => ({
  id: InstanceId,
  launchedAt: LaunchTime?.getTime() ?? 0,
  tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
})

/** Every machine of the stack that is there, by our tag and by their profile: a spot request may bring machines without tags. */
export const stackMachines = async ({ ec2, stack, machineProfileArn }: Known): Promise<Instance[]> => {
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
  const byTag = await running({ Name: `tag:${TAGS.stack}`, Values: [stack] })
  const byProfile = await running({ Name: 'iam-instance-profile.arn', Values: [machineProfileArn] })
  return [...new Map([...byTag, ...byProfile].map((one) => [one.InstanceId, one])).values()]
}
