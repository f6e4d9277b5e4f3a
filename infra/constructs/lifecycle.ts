import { Aws, Stack } from 'aws-cdk-lib'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import type { Config } from '../config.ts'
import { lifecycleDefinition } from '../lifecycle-definition.ts'
import { grant, type Right } from '../rights.ts'

/** The state machine, known by its name: the function it calls is told where to answer before there is a state machine. */
export class Lifecycle extends Construct {
  readonly arn: string
  readonly #name: string

  constructor(scope: Construct, { name }: Config) {
    super(scope, 'Lifecycle')
    this.#name = `${name}-lifecycle`
    this.arn = `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:stateMachine:${this.#name}`
  }

  callWith(step: IFunction) {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') })
    grant(role, [{ may: ['lambda:InvokeFunction'], on: [step.functionArn] }])
    const definition = lifecycleDefinition({ functionArn: step.functionArn, partition: Aws.PARTITION })
    const machine = new CfnStateMachine(this, 'Machine', {
      stateMachineName: this.#name,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: Stack.of(this).toJsonString(definition),
    })
    machine.node.addDependency(role)
    acknowledge(machine, {
      SF1: 'Step Functions keeps the history of each execution for 90 days, and what happened to a session is in its timeline; logs would cost more than the executions.',
      SF2: 'One function is called, whose log has the times; X-Ray would be paid for each session.',
    })
  }

  letAnswer(): Right {
    return { may: ['states:SendTaskSuccess', 'states:SendTaskHeartbeat'], on: [this.arn] }
  }

  letBegin(): Right {
    return { may: ['states:StartExecution'], on: [this.arn] }
  }

  /** Whether a session has one. */
  letAsk(): Right {
    const on = [`${this.arn.replace(':stateMachine:', ':execution:')}:*`]
    return {
      may: ['states:DescribeExecution'],
      on,
      why: 'Executions are named after their sessions; all are of this state machine.',
    }
  }
}
