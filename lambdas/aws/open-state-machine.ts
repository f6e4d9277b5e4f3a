import { beginLifecycle } from './begin-lifecycle.ts'
import { openCallbacks } from './callbacks.ts'
import { openStepFunctions } from './step-functions.ts'

/** Its executions, and the callbacks of those that wait. */
export const openStateMachine = (stateMachineArn: string) => {
  const sfn = openStepFunctions()
  return { ...openCallbacks(sfn), begin: beginLifecycle({ sfn, stateMachineArn }) }
}
