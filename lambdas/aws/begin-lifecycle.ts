import type { Lifecycle } from '../../core/ports/lifecycle.ts'
import { asked, awsName } from './aws-refusal.ts'
import type { StepFunctions } from './step-functions.ts'

type StateMachine = { sfn: StepFunctions; stateMachineArn: string }

/** One execution of the state machine for each session, named after it, so that a second one cannot be. */
export const beginLifecycle =
  ({ sfn, stateMachineArn }: StateMachine): Lifecycle['begin'] =>
  async (session) => {
    try {
      const execution = { stateMachineArn, name: session, input: JSON.stringify({ session }) }
      // Too many at once: the caller comes again, with its key; the record is there already.
      await asked('the lifecycle', sfn.send('StartExecution', execution))
    } catch (error) {
      if (awsName(error) !== 'ExecutionAlreadyExists') throw error
    }
  }
