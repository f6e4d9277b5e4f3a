import { EC2Client } from '@aws-sdk/client-ec2'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { JANITOR_MARK } from '../core/contract/janitor-mark.ts'
import { driveForgotten } from './aws/drive-forgotten.ts'
import { openJanitor } from './aws/janitor.ts'
import { reviveLifecycle } from './aws/revive-lifecycle.ts'
import { openStepFunctions } from './aws/step-functions.ts'
import { sweepKeptSecrets } from './aws/sweep-kept-secrets.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

/** It comes every five minutes; what costs a call and is urgent for nobody waits for the first time in an hour. */
const isFirstOfHour = (now: number) => new Date(now).getUTCMinutes() < 5

/** The janitor's function. */
export const composeJanitor = (env: NodeJS.ProcessEnv) => {
  const { ports, secrets, table, bootSeconds } = compose(env, NO_MACHINERY)
  const names = ['STACK', 'MACHINE_PROFILE_ARN', 'TOPIC_ARN', 'STATE_MACHINE_ARN'] as const
  const { STACK, MACHINE_PROFILE_ARN, TOPIC_ARN, STATE_MACHINE_ARN } = readEnvironment(env, names)
  const sns = new SNSClient({})
  const sweep = openJanitor({
    ...table,
    ec2: new EC2Client({}),
    ports,
    stack: STACK,
    machineProfileArn: MACHINE_PROFILE_ARN,
    publish: async (Subject, Message) => {
      await sns.send(new PublishCommand({ TopicArn: TOPIC_ARN, Subject, Message }))
    },
  })
  const revive = reviveLifecycle({ sfn: openStepFunctions(), stateMachineArn: STATE_MACHINE_ARN })
  const drive = driveForgotten({ ports, revive, bootSeconds })
  const sweepSecrets = sweepKeptSecrets({ ...ports, secrets })
  return async () => {
    const swept = await sweep()
    const driven = await drive(swept.failed)
    console.log(JSON.stringify({ sweep: { ...swept, ...driven } }))
    if (swept.killed.length > 0) console.log(JANITOR_MARK, ...swept.killed)
    if (isFirstOfHour(ports.clock.now())) await sweepSecrets(swept.failed)
    // Last, so that it becomes a dead letter, and that an alarm.
    if (swept.failed.length > 0) throw new Error(`the sweep could not look at, or do: ${swept.failed.join(', ')}`)
    return { ...swept, ...driven }
  }
}
