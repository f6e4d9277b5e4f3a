import type { Move } from '../../core/lifecycle/next-move.ts'
import { asked, awsName } from './aws-refusal.ts'
import type { StepFunctions } from './step-functions.ts'

/** What a state of the state machine answers with. */
export type Answer = Move & { session: string }

/** The callbacks of the state machine. False: nobody waits with that token any more. */
export interface Callbacks {
  succeed(token: string, answer: Answer): Promise<boolean>
  /** The waiting state's heartbeat begins anew. */
  beat(token: string): Promise<boolean>
}

/** Answered already, timed out, or its execution is over. */
const OVER = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])

const unlessOver = async (call: Promise<unknown>): Promise<boolean> => {
  try {
    await asked('Step Functions', call)
    return true
  } catch (error) {
    if (OVER.has(awsName(error) ?? '')) return false
    throw error
  }
}

export const openCallbacks = (sfn: StepFunctions): Callbacks => ({
  succeed: (taskToken, answer) => unlessOver(sfn.send('SendTaskSuccess', { taskToken, output: JSON.stringify(answer) })),
  beat: (taskToken) => unlessOver(sfn.send('SendTaskHeartbeat', { taskToken })),
})
