import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Config } from '../config.ts'
import { distFile } from '../dist-file.ts'
import { logRetention } from '../log-retention.ts'
import { grant, type Right } from '../rights.ts'

/** Directories below dist/lambdas/. */
export type FunctionName = 'http' | 'socket' | 'workspaces' | 'step' | 'janitor' | 'spend' | 'spot-notice' | 'operate'

export type FunctionShape = {
  name: FunctionName
  seconds: number
  memoryMb: number
  environment: Record<string, string>
  /** What it may do besides writing its own log. */
  allowed: readonly Right[]
  /** Where events go that failed for good; for functions that nobody waits for. */
  deadLetters?: IQueue
}

const codeOf = (config: Config, name: FunctionName) => {
  const directory = fileURLToPath(distFile(config, `lambdas/${name}/`))
  if (!existsSync(directory)) throw new RemoteError('usage', `${directory} is missing`, { hint: 'build it first: npm run build' })
  return Code.fromAsset(directory)
}

/** One function with a role of its own, a log that ends, and no more rights than are said here. */
export class ControlFunction extends Construct {
  readonly function: LambdaFunction
  readonly role: Role

  constructor(scope: Construct, config: Config, { name, seconds, memoryMb, environment, allowed, deadLetters }: FunctionShape) {
    super(scope, `${name.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase())}Function`)
    const log = new LogGroup(this, 'Log', { retention: logRetention(config.logDays), removalPolicy: RemovalPolicy.DESTROY })
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    grant(this.role, [{ may: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: [log.logGroupArn] }, ...allowed])
    this.function = new LambdaFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: config.functionArchitecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: 'index.handler',
      code: codeOf(config, name),
      role: this.role,
      logGroup: log,
      timeout: Duration.seconds(seconds),
      memorySize: memoryMb,
      environment,
      ...(deadLetters && { deadLetterQueue: deadLetters }),
    })
  }
}
