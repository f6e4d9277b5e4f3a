import { SFNClient } from '@aws-sdk/client-sfn'
import { beginLifecycle } from './begin-lifecycle.ts'
import { openCallbacks } from './callbacks.ts'

/** Its executions, and the callbacks of those that wait. */
export const openStateMachine = (stateMachineArn: string) => {
  const sfn = new SFNClient({})
  return { ...openCallbacks(sfn), begin: beginLifecycle({ sfn, stateMachineArn }) }
}
