import { EC2Client } from '@aws-sdk/client-ec2'
import { DryLaunches, OperateAsk } from '../core/contract/operate.ts'
import { RemoteError } from '../core/contract/remote-error.ts'
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
  const { STACK, MACHINE_PROFILE_ARN, STEP_FUNCTION } = readEnvironment(env, ['STACK', 'MACHINE_PROFILE_ARN', 'STEP_FUNCTION'])
  const looking: Looking = {
    ec2: new EC2Client({}),
    stack: STACK,
    machineProfileArn: MACHINE_PROFILE_ARN,
    ports,
    shared: openDynamoMachineStore({ ...table, now: ports.clock.now }),
  }

  const answer = async (asked: OperateAsk) => {
    switch (asked.ask) {
      case 'orphans': {
        const { orphans, looked } = await findOrphans(looking)
        return { orphans, looked }
      }
      case 'end-orphans':
        return endOrphans(looking, asked.ids)
      case 'remains':
        return { remains: await remainsOf(looking, asked.session) }
      case 'dry-launch':
        // By the function that launches: another's permissions would prove nothing.
        return DryLaunches.parse(await invokeFunction(env, STEP_FUNCTION, asked))
    }
  }
  return (event: unknown) => answered(() => answer(OperateAsk.parse(event)))
}
