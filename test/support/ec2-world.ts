import { randomUUID } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateLaunchTemplateCommand, DescribeInstancesCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { openDynamo } from '../../lambdas/aws/dynamo.ts'
import { openDynamoTurnStore, openLaunchPace } from '../../lambdas/aws/dynamo-launch-pace.ts'
import { openDynamoLaunchStore } from '../../lambdas/aws/dynamo-launch-store.ts'
import { openDynamoMachineStore } from '../../lambdas/aws/dynamo-machine-store.ts'
import { openDynamoPriceStore } from '../../lambdas/aws/dynamo-price-store.ts'
import { openEbsVolumes } from '../../lambdas/aws/ebs-volumes.ts'
import { openEc2Compute } from '../../lambdas/aws/ec2-compute.ts'
import { openWorkspaceVolumes } from '../../lambdas/aws/workspace-volumes.ts'
import type { Aws } from '../rehearsal/aws.ts'
import { createAwsTable } from './aws-table.ts'

/** Of the deadlines: nothing here takes as long as in AWS. */
const PATIENCE = 0.05

/** EC2 compute in an account of the rehearsal's, with a launch template and the zones that moto has. */
export const openEc2World = async ({ endpoint, control }: Aws, architectures: readonly string[] = ['x64']) => {
  const config = { region: 'us-east-1', endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 }
  const ec2 = new EC2Client(config)
  const dynamo = openDynamo(config)
  const tableName = await createAwsTable(new DynamoDBClient(config))
  const stack = `test-${randomUUID()}`
  const template = async (architecture: string) => {
    const LaunchTemplateData = { ImageId: 'ami-12c6146b', InstanceType: 't3.small' as const }
    const { LaunchTemplate } = await ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: `${stack}-${architecture}`, LaunchTemplateData }),
    )
    return { id: LaunchTemplate?.LaunchTemplateId ?? '', version: '1' }
  }
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}))
  const subnets = Subnets.map(({ SubnetId = '', AvailabilityZone = '' }) => ({ id: SubnetId, zone: AvailabilityZone }))
  const launches = openDynamoLaunchStore({ dynamo, tableName })
  let later = 0
  const now = () => Date.now() + later
  const pace = openLaunchPace(openDynamoTurnStore({ dynamo, tableName }), now)
  const machines = openDynamoMachineStore({ dynamo, tableName, now })
  const templates = Object.fromEntries(await Promise.all(architectures.map(async (one) => [one, await template(one)] as const)))
  const places = { subnets, launchTemplates: templates }
  const ebs = openEbsVolumes({ ec2, stack, patience: PATIENCE })
  const disks = openWorkspaceVolumes({ dynamo, tableName, ebs, stack, clock: { now } })
  const prices = openDynamoPriceStore({ dynamo, tableName })
  const running = async () => {
    const Filters = [
      { Name: 'tag:remote:stack', Values: [stack] },
      { Name: 'instance-state-name', Values: ['pending', 'running'] },
    ]
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }))
    return Reservations.flatMap(({ Instances = [] }) => Instances)
  }
  return {
    compute: openEc2Compute({ ec2, launches, pace, now, machines, places, prices, disks, stack, diskGb: 30 }),
    ec2,
    ebs,
    disks,
    table: { dynamo, tableName },
    stack,
    prices,
    launches,
    machines,
    subnets,
    templates,
    control,
    running,
    pass: (ms: number) => {
      later += ms
    },
  }
}
