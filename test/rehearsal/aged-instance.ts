import { DescribeLaunchTemplatesCommand, DescribeSubnetsCommand, type EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2'
import type { Rehearsal } from './rehearsal.ts'

/** A machine of the stack's own template that no session asked for, as if it had been launched so long ago; its id. */
export const agedInstance = async (
  { cloud }: Rehearsal,
  ec2: EC2Client,
  tags: Record<string, string>,
  seconds: number,
): Promise<string> => {
  const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand({}))
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}))
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      InstanceType: 't3.small',
      LaunchTemplate: { LaunchTemplateId: LaunchTemplates[0]?.LaunchTemplateId ?? '', Version: '$Latest' },
      SubnetId: Subnets[0]?.SubnetId ?? '',
      ...(Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'instance', Tags }] }),
    }),
  )
  const id = Instances[0]?.InstanceId ?? ''
  await cloud.control.age(id, seconds)
  return id
}
