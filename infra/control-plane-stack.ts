import { Aws, CfnOutput, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Config } from './config.ts'
import { Apis } from './constructs/apis.ts'
import { type Functions, makeFunctions } from './constructs/functions.ts'
import { Lifecycle } from './constructs/lifecycle.ts'
import { Machines } from './constructs/machines.ts'
import { Network } from './constructs/network.ts'
import { People } from './constructs/people.ts'
import { Schedules } from './constructs/schedules.ts'
import { Watch } from './constructs/watch.ts'
import { stackDigest } from './stack-digest.ts'
import type { StateStack } from './state-stack.ts'

/** Everything that works, and nothing that is kept: it can be deleted and deployed again. */
export class ControlPlaneStack extends Stack {
  constructor(scope: Construct, config: Config, state: StateStack) {
    super(scope, config.name, {
      description: `remote ${config.version}: sessions on machines of your own AWS account`,
      tags: { 'remote:stack': config.name },
    })
    // cfn-lint: dependencies that the CDK writes twice, and outputs that repeat the other stack's for whoever looks for them here.
    this.templateOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ['W3005', 'W6001'] } } }
    const network = new Network(this, config)
    const apis = new Apis(this, config)
    const machines = new Machines(this, config, { network, apis })
    const watch = new Watch(this, config)
    const lifecycle = new Lifecycle(this, config)
    const functions: Functions = makeFunctions(this, config, { state, network, apis, machines, watch, lifecycle })
    apis.answerWith(functions.http)
    apis.keepWith(functions.workspaces)
    apis.listenWith(functions.socket)
    lifecycle.callWith(functions.step)
    watch.alarmOn({ stateMachineArn: lifecycle.arn, functions })
    new Schedules(this, { ...functions, deadLetters: watch.deadLetters })
    const digest = stackDigest(config)
    const outputs = {
      ApiUrl: apis.url,
      SocketUrl: apis.socketUrl,
      TableName: state.kept.tableName,
      BucketName: state.kept.bucketName,
      Region: Aws.REGION,
      Version: config.version,
      ...(digest !== undefined && { Build: digest }),
      Settings: JSON.stringify(config.given),
      StateMachineArn: lifecycle.arn,
      OperateFunctionName: functions.operate.functionName,
      TopicArn: watch.topic.topicArn,
      PeoplePolicyArn: new People(this, config, { apis, network, operate: functions.operate }).policyArn,
      ...(network.connectEndpointId !== undefined && { ConnectEndpoint: network.connectEndpointId }),
    }
    for (const [id, value] of Object.entries(outputs)) new CfnOutput(this, id, { value })
  }
}
