import { EC2Client } from '@aws-sdk/client-ec2'
import { DryLaunches, OperateAsk } from '../core/contract/operate.ts'
import { RemoteError } from '../core/contract/remote-error.ts'
import { audited } from '../core/usecases/audited.ts'
import { callJson } from './aws/aws-query.ts'
import { openBakery } from './aws/bake.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { endOrphans } from './aws/end-orphans.ts'
import { findOrphans, type Looking } from './aws/find-orphans.ts'
import { invokeFunction } from './aws/invoke-function.ts'
import { remainsOf } from './aws/session-remains.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

/** What is refused is an answer, not a failure of the function. */
const answered = async (answer: () => Promise<unknown>) => {
  try {
    return { answer: await answer() }
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    const { code, message, hint } = error
    return { refused: { code, message, ...(hint !== undefined && { hint }) } }
  }
}

/** The function of whoever operates the stack: invoked with their own credentials, `remote cloud doctor`. */
export const composeOperate = (env: NodeJS.ProcessEnv) => {
  const { ports, table } = compose(env, NO_MACHINERY)
  const names = [
    'STACK',
    'VERSION',
    'MACHINE_PROFILE_ARN',
    'STEP_FUNCTION',
    'LAUNCH_TEMPLATES',
    'SUBNETS',
    'IMAGE_PARAMETERS',
  ] as const
  const { STACK, VERSION, MACHINE_PROFILE_ARN, STEP_FUNCTION, LAUNCH_TEMPLATES, SUBNETS, IMAGE_PARAMETERS } = readEnvironment(
    env,
    names,
  )
  const ec2 = new EC2Client({})
  const machines = openDynamoMachineStore({ ...table, now: ports.clock.now })
  const looking: Looking = { ec2, stack: STACK, machineProfileArn: MACHINE_PROFILE_ARN, ports, shared: machines }
  const bakery = openBakery({
    ec2,
    machines,
    stack: STACK,
    version: VERSION,
    subnets: SUBNETS,
    templates: LAUNCH_TEMPLATES,
    clock: ports.clock,
    prices: ports.prices,
    use: async (architecture, Value) => {
      // As the stack made it: AWS checks that there is such an image, and only then takes it.
      const body = { Name: IMAGE_PARAMETERS[architecture], Value, DataType: 'aws:ec2:image', Overwrite: true }
      await callJson(env, { service: 'ssm', target: 'AmazonSSM.PutParameter', body })
    },
  })

  // AWS does not tell a function who invoked it; its own trail knows.
  const recorded = <T>(what: string, on: string, work: () => Promise<T>) => audited(ports)({ by: 'an operator', what, on }, work)

  const answer = async (asked: OperateAsk) => {
    switch (asked.ask) {
      case 'orphans': {
        const { orphans, looked } = await findOrphans(looking)
        return { orphans, looked }
      }
      case 'end-orphans':
        return recorded('orphans end', asked.ids.join(', '), () => endOrphans(looking, asked.ids))
      case 'bake':
        return recorded('image bake', `images of ${asked.architecture}`, () => bakery.begin(asked.architecture))
      case 'baking':
        return bakery.look(asked.builder)
      case 'end-bake':
        await recorded('image bake end', `builder ${asked.builder}`, () => bakery.end(asked.builder))
        return {}
      case 'remains':
        return { remains: await remainsOf(looking, asked.session) }
      case 'dry-launch':
        // By the function that launches: another's permissions would prove nothing.
        return DryLaunches.parse(await invokeFunction(env, STEP_FUNCTION, asked))
    }
  }
  return (event: unknown) => answered(() => answer(OperateAsk.parse(event)))
}
