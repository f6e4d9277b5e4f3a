import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import type { Lifecycle } from '../../core/ports/lifecycle.ts'

type StateMachine = { sfn: SFNClient; stateMachineArn: string }

/** One execution of the state machine for each session, named after it, so that a second one cannot be. */
export const beginLifecycle =
  ({ sfn, stateMachineArn }: StateMachine): Lifecycle['begin'] =>
  async (session) => {
    try {
      await sfn.send(new StartExecutionCommand({ stateMachineArn, name: session, input: JSON.stringify({ session }) }))
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error
    }
  }
