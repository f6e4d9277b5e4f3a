import type {
  DescribeExecutionInput,
  DescribeExecutionOutput,
  SendTaskHeartbeatInput,
  SendTaskHeartbeatOutput,
  SendTaskSuccessInput,
  SendTaskSuccessOutput,
  StartExecutionInput,
  StartExecutionOutput,
} from '@aws-sdk/client-sfn'
import { type AwsJsonOptions, openAwsJson } from './aws-json.ts'

/** What is called, with the SDK's types; of their times, which are numbers on the wire, none is used. */
type Calls = {
  DescribeExecution: [DescribeExecutionInput, Pick<DescribeExecutionOutput, 'status'>]
  SendTaskHeartbeat: [SendTaskHeartbeatInput, SendTaskHeartbeatOutput]
  SendTaskSuccess: [SendTaskSuccessInput, SendTaskSuccessOutput]
  StartExecution: [StartExecutionInput, Pick<StartExecutionOutput, 'executionArn'>]
}

export type StepFunctions = { send<Name extends keyof Calls>(call: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> }

/** Throws as the SDK's client does, told by name. */
export const openStepFunctions = (options: AwsJsonOptions = {}): StepFunctions => {
  const call = openAwsJson({ service: 'states', id: 'SFN', target: 'AWSStepFunctions', version: '1.0' }, options)
  return { send: async (name, input) => (await call(name, input)) as never }
}
