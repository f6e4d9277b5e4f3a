import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import type { Lifecycle } from '../../core/ports/lifecycle.ts'
import { asked } from './aws-refusal.ts'

type StateMachine = { sfn: SFNClient; stateMachineArn: string }

/** One execution of the state machine for each session, named after it, so that a second one cannot be. */
export const beginLifecycle =
  ({ sfn, stateMachineArn }: StateMachine): Lifecycle['begin'] =>
  async (session) => {
    try {
      const command = new StartExecutionCommand({ stateMachineArn, name: session, input: JSON.stringify({ session }) })
      // Too many at once: the caller comes again, with its key; the record is there already.
      await asked('the lifecycle', sfn.send(command))
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error
    }
  }
