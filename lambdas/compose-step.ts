import { EC2Client } from '@aws-sdk/client-ec2'
import { OperateAsk } from '../core/contract/operate.ts'
import { dryLaunch, type Launcher } from './aws/dry-launch.ts'
import { openDynamo } from './aws/dynamo.ts'
import { openDynamoTurnStore, openLaunchPace } from './aws/dynamo-launch-pace.ts'
import { openDynamoLaunchStore } from './aws/dynamo-launch-store.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { openDynamoPriceStore } from './aws/dynamo-price-store.ts'
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
  const dynamo = openDynamo()
  const table = { dynamo, tableName: TABLE }
  // The SDK's retries would make throttling of a shortage: what is refused is decided about by the plan.
  const ec2 = new EC2Client({ maxAttempts: 1 })
  const now = () => Date.now()
  const launches = openDynamoLaunchStore(table)
  const pace = openLaunchPace(openDynamoTurnStore(table), now)
  const machines = openDynamoMachineStore({ ...table, now })
  const places = { subnets: SUBNETS, launchTemplates: LAUNCH_TEMPLATES }
  const disks = openWorkspaceVolumes({ ...table, ebs: openEbsVolumes({ ec2, stack: STACK }), stack: STACK, clock: { now } })
  const prices = openDynamoPriceStore(table)
  const compute = openEc2Compute({ ec2, launches, pace, now, machines, places, prices, disks, stack: STACK, diskGb: DISK_GB })
  const launcher: Launcher = { ec2, stack: STACK, subnets: SUBNETS, templates: LAUNCH_TEMPLATES }
  return { ...NO_MACHINERY, compute, launcher }
}

const isDryLaunch = (event: unknown) => OperateAsk.safeParse(event).data?.ask === 'dry-launch'

/** The state machine's function; the function `operate` asks it whether it could launch. */
export const composeStep = (env: NodeJS.ProcessEnv) => {
  const { launcher, ...machinery } = openMachinery(env)
  const { ports, waits, wake, bootSeconds } = compose(env, machinery)
  const take = takeStep({ ports, waits, wake, bootSeconds })
  return async (event: unknown) => (isDryLaunch(event) ? { launches: await dryLaunch(launcher) } : take(StepEvent.parse(event)))
}
