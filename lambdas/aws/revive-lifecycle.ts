import { awsName } from './aws-refusal.ts'
import type { StepFunctions } from './step-functions.ts'

/** A session that lost so many has a machine that somebody else must end. */
const MOST_EXECUTIONS = 100

export type Reviving = { sfn: StepFunctions; stateMachineArn: string }

/**
 * Gives a session a lifecycle again when it has none: an execution ends with its 25,000th event, when somebody stops it, and with the
 * state machine it is of. Its record says where to go on, so the next one begins at the start. Answers whether it was needed. The names
 * are counted, not made: two who come at the same time start the same one.
 */
export const reviveLifecycle = ({ sfn, stateMachineArn }: Reviving) => {
  const statusOf = async (name: string): Promise<string | undefined> => {
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
    try {
      return (await sfn.send('DescribeExecution', { executionArn })).status
    } catch (error) {
      if (awsName(error) === 'ExecutionDoesNotExist') return undefined
      throw error
    }
  }

  return async (session: string): Promise<boolean> => {
    for (let n = 1; n <= MOST_EXECUTIONS; n += 1) {
      const name = n === 1 ? session : `${session}-${n}`
      const status = await statusOf(name)
      if (status === 'RUNNING') return false
      if (status !== undefined) continue
      try {
        await sfn.send('StartExecution', { stateMachineArn, name, input: JSON.stringify({ session }) })
        return true
      } catch (error) {
        if (awsName(error) !== 'ExecutionAlreadyExists') throw error // begun and over, between the two calls
      }
    }
    throw new Error(`${session} lost ${MOST_EXECUTIONS} lifecycles: it is not given another one`)
  }
}
