import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import { PLAN } from '../../core/lifecycle/plan.ts'
import type { Config } from '../config.ts'
import { keptRights } from '../kept-rights.ts'
import {
  letBake,
  letDiscard,
  letEnd,
  letFindImage,
  letKeepVolumes,
  letLaunch,
  letReadPrices,
  letSeeMachines,
  letUseVolumes,
} from '../machine-rights.ts'
import { grant } from '../rights.ts'
import { RunnerBundles } from '../runner-bundles.ts'
import type { StateStack } from '../state-stack.ts'
import type { Apis } from './apis.ts'
import { ControlFunction, type FunctionShape } from './control-function.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Machines } from './machines.ts'
import { ModelRole } from './model-role.ts'
import type { Network } from './network.ts'
import { SessionRole } from './session-role.ts'
import type { Watch } from './watch.ts'

export type Parts = { state: StateStack; network: Network; apis: Apis; machines: Machines; watch: Watch; lifecycle: Lifecycle }
export type Functions = Record<
  'http' | 'socket' | 'workspaces' | 'step' | 'janitor' | 'spend' | 'spotNotice' | 'operate',
  LambdaFunction
>

/** All functions. What each is told (lambdas/environment.ts reads it) and what it may do stand together. */
export const makeFunctions = (
  stack: Construct,
  config: Config,
  { state, network, apis, machines, watch, lifecycle }: Parts,
): Functions => {
  const kept = keptRights(state.kept, config.name)
  const bundles = new RunnerBundles(stack, config)
  const json = (value: unknown) => JSON.stringify(value)
  const common = {
    STACK: config.name,
    VERSION: config.version,
    TABLE: state.kept.tableName,
    BUCKET: state.kept.bucketName,
    CONNECTIONS_URL: apis.connectionsUrl,
    STATE_MACHINE_ARN: lifecycle.arn,
    BOOT_SECONDS: String(config.bootSeconds),
    KEPT_DAYS: String(config.keptDays),
  }
  /** Records, texts that are too large for them, and telling whoever waits: a fact can come to any of them. */
  const knowing = [kept.items(), kept.writing('records'), apis.letPost(), lifecycle.letAnswer()]
  const make = ({ environment, allowed, ...shape }: FunctionShape) =>
    new ControlFunction(stack, config, {
      ...shape,
      environment: { ...common, ...environment },
      allowed: [...knowing, ...allowed],
    })
  const unattended = { deadLetters: watch.deadLetters }

  const http = make({
    name: 'http',
    seconds: 29,
    memoryMb: 512,
    environment: {
      MACHINE_ROLE: machines.role.roleName,
      DAILY_BUDGET_USD: String(config.dailyBudgetUsd),
      DISK_GB: String(config.diskGb),
      STORED_GB: String(config.storedGb),
      RUNNER_BUNDLES: json(bundles.found),
    },
    allowed: [
      kept.writing('bundles', 'sessions'),
      kept.listing(),
      ...kept.keepingSecrets(),
      lifecycle.letBegin(),
      bundles.letFetch(),
    ],
  })
  const sessionRole = new SessionRole(stack, { kept, assumedBy: http.role })
  const models = config.bedrock
  const modelRole = models.length > 0 ? new ModelRole(stack, { models, assumedBy: http.role }) : undefined
  http.function.addEnvironment('SESSION_ROLE_ARN', sessionRole.arn)
  http.function.addEnvironment('MODEL_ROLE_ARN', modelRole?.arn ?? '')
  grant(http.role, [{ may: ['sts:AssumeRole'], on: [sessionRole.arn, ...(modelRole ? [modelRole.arn] : [])] }])

  const socket = make({
    name: 'socket',
    seconds: 29,
    memoryMb: 256,
    environment: { MACHINE_ROLE: machines.role.roleName },
    allowed: [kept.reading('sessions'), kept.listing()],
  })
  const workspaces = new ControlFunction(stack, config, {
    name: 'workspaces',
    seconds: 29,
    memoryMb: 256,
    environment: {
      STACK: config.name,
      VERSION: config.version,
      TABLE: state.kept.tableName,
      MACHINE_ROLE: machines.role.roleName,
      SUBNETS: json(network.subnets),
      KEPT_DAYS: String(config.keptDays),
    },
    allowed: [kept.items(), ...letKeepVolumes(config.name)],
    ...unattended,
  })
  const images = Object.values(machines.imageParameters)
  const step = make({
    name: 'step',
    seconds: Math.max(PLAN.launch.seconds, PLAN.release.seconds),
    memoryMb: 512,
    environment: { LAUNCH_TEMPLATES: json(machines.templates), SUBNETS: json(network.subnets), DISK_GB: String(config.diskGb) },
    allowed: [
      kept.writing('sessions'),
      kept.listing(),
      kept.forgettingSecrets(),
      ...letLaunch(config.name, { templates: machines.templates, roleArn: machines.role.roleArn, network }),
      letFindImage(images),
      ...letEnd(config.name, machines.profileArn),
      ...letUseVolumes(config.name),
    ],
  })
  const janitor = make({
    name: 'janitor',
    seconds: 240,
    memoryMb: 512,
    environment: { TOPIC_ARN: watch.topic.topicArn, MACHINE_PROFILE_ARN: machines.profileArn },
    allowed: [
      kept.reading('sessions'),
      kept.listing(),
      ...kept.sweepingSecrets(),
      ...letEnd(config.name, machines.profileArn),
      lifecycle.letBegin(),
      lifecycle.letAsk(),
      watch.letTell(),
    ],
    ...unattended,
  })
  const spend = make({
    name: 'spend',
    seconds: 120,
    memoryMb: 256,
    environment: { TOPIC_ARN: watch.topic.topicArn, DAILY_BUDGET_USD: String(config.dailyBudgetUsd) },
    allowed: [letReadPrices(), watch.letTell()],
    ...unattended,
  })
  const operate = make({
    name: 'operate',
    seconds: 120,
    memoryMb: 512,
    environment: {
      MACHINE_PROFILE_ARN: machines.profileArn,
      STEP_FUNCTION: step.function.functionName,
      LAUNCH_TEMPLATES: json(machines.templates),
      SUBNETS: json(network.subnets),
      IMAGE_PARAMETERS: json(machines.imageParameters),
    },
    allowed: [
      kept.listing(),
      ...letLaunch(config.name, { templates: machines.templates, roleArn: machines.role.roleArn, network }),
      letFindImage(images),
      ...letBake(config.name, images),
      ...letEnd(config.name, machines.profileArn),
      ...letDiscard(config.name),
      { may: ['lambda:InvokeFunction'], on: [step.function.functionArn] },
    ],
  })
  const spotNotice = make({
    name: 'spot-notice',
    seconds: 60,
    memoryMb: 256,
    environment: {},
    allowed: [letSeeMachines()],
    ...unattended,
  })
  return {
    http: http.function,
    socket: socket.function,
    workspaces: workspaces.function,
    step: step.function,
    janitor: janitor.function,
    spend: spend.function,
    spotNotice: spotNotice.function,
    operate: operate.function,
  }
}
