import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EC2Client } from '@aws-sdk/client-ec2'
import { openDynamoLaunchStore } from './aws/dynamo-launch-store.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { openEbsVolumes } from './aws/ebs-volumes.ts'
import { openEc2Compute } from './aws/ec2-compute.ts'
import { StepEvent, takeStep } from './aws/take-step.ts'
import { openWorkspaceVolumes } from './aws/workspace-volumes.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

/** EC2, with its own records of what it launched. */
const openMachinery = (env: NodeJS.ProcessEnv) => {
  const { TABLE, STACK, LAUNCH_TEMPLATES, SUBNETS, DISK_GB } = readEnvironment(env, [
    'TABLE',
    'STACK',
    'LAUNCH_TEMPLATES',
    'SUBNETS',
    'DISK_GB',
  ])
  const dynamo = new DynamoDBClient({})
  const table = { dynamo, tableName: TABLE }
  // The SDK's retries would make throttling of a shortage: what is refused is decided about by the plan.
  const ec2 = new EC2Client({ maxAttempts: 1 })
  const launches = openDynamoLaunchStore(table)
  const machines = openDynamoMachineStore({ ...table, now: () => Date.now() })
  const launchTemplate = LAUNCH_TEMPLATES['x64']
  if (!launchTemplate) throw new Error('the stack has no launch template for x64')
  const places = { subnets: SUBNETS, launchTemplate }
  const disks = openWorkspaceVolumes({ ...table, ebs: openEbsVolumes({ ec2, stack: STACK }), stack: STACK })
  const compute = openEc2Compute({ ec2, launches, machines, places, disks, stack: STACK, diskGb: DISK_GB })
  return { ...NO_MACHINERY, compute }
}

/** The state machine's function. */
export const composeStep = (env: NodeJS.ProcessEnv) => {
  const { ports, waits, wake, bootSeconds } = compose(env, openMachinery(env))
  const take = takeStep({ ports, waits, wake, bootSeconds })
  return (event: unknown) => take(StepEvent.parse(event))
}
