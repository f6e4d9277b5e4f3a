import { EC2Client } from '@aws-sdk/client-ec2'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { openJanitor } from './aws/janitor.ts'
import { sweepKeptSecrets } from './aws/sweep-kept-secrets.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

/** It comes every five minutes; what costs a call and is urgent for nobody waits for the first time in an hour. */
const isFirstOfHour = (now: number) => new Date(now).getUTCMinutes() < 5

/** The janitor's function. */
export const composeJanitor = (env: NodeJS.ProcessEnv) => {
  const { ports, secrets, table } = compose(env, NO_MACHINERY)
  const { STACK, MACHINE_PROFILE_ARN, TOPIC_ARN } = readEnvironment(env, ['STACK', 'MACHINE_PROFILE_ARN', 'TOPIC_ARN'])
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
  const sweepSecrets = sweepKeptSecrets({ ...ports, secrets })
  return async () => {
    const swept = await sweep()
    // What the alarm on ended machines counts.
    console.log(JSON.stringify({ janitor: { ...swept, killedCount: swept.killed.length } }))
    if (isFirstOfHour(ports.clock.now())) await sweepSecrets()
    return swept
  }
}
