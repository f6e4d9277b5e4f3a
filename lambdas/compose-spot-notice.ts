import { EC2Client } from '@aws-sdk/client-ec2'
import * as z from 'zod'
import { NO_SESSION } from '../core/contract/id-patterns.ts'
import { applyFact } from '../core/lifecycle/apply-fact.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { endReason } from './aws/end-reason.ts'
import { compose } from './compose.ts'
import { NO_MACHINERY } from './no-machinery.ts'

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html and spot-instance-termination-notices.html */
const InstanceEvent = z.object({
  'detail-type': z.string(),
  detail: z.object({ 'instance-id': z.string(), state: z.string().optional(), 'instance-action': z.string().optional() }),
})

const GONE = new Set(['shutting-down', 'terminated', 'stopping', 'stopped'])

/**
 * What EC2 tells of machines. A notice is for the runner, which sees it by itself; here it is only kept, to be the reason later. That a
 * machine is going ends every attempt on it. Events may come twice, late, out of order or never: nothing depends on one.
 */
export const composeSpotNotice = (env: NodeJS.ProcessEnv) => {
  const { ports, table } = compose(env, NO_MACHINERY)
  const machines = openDynamoMachineStore({ ...table, now: ports.clock.now })
  const ec2 = new EC2Client({})

  return async (event: unknown): Promise<void> => {
    const { detail } = InstanceEvent.parse(event)
    const { state, 'instance-id': instance, 'instance-action': action } = detail
    const machine = await machines.of(instance)
    if (!machine) return
    if (action !== undefined) return machines.noticed(instance, `the spot market took it back (${action})`)
    if (state === undefined || !GONE.has(state)) return
    await machines.close(instance)
    // What ended in good order needs no reason.
    const isMissed = machine.parts.some((part) => part.state === 'live')
    const reason = machine.notice ?? (isMissed ? await endReason(ec2, instance) : undefined)
    const why = reason === undefined ? `the machine is ${state}` : `the machine is ${state}: ${reason}`
    for (const { session, attempt } of machine.parts) {
      if (session === NO_SESSION) continue // it was to become an image
      await applyFact(ports)(session, { type: 'machine-gone', attempt, why })
      await ports.lifecycle.wake(session)
    }
  }
}
