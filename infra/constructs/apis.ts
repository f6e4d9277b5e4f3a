import { Aws, Fn, RemovalPolicy } from 'aws-cdk-lib'
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import type { Config } from '../config.ts'
import { logRetention } from '../log-retention.ts'
import type { Right } from '../rights.ts'

/** API Gateway's own limit for HTTP APIs. */
const HTTP_MS = 30_000
/**
 * For each route by itself, so that machines cannot keep people out; and far below what the account's Lambda may run at the same time, so
 * that they cannot keep its other functions out. Ten thousand machines make 350 calls a second. Nor more than the account has, where that is
 * least (2,500 and 1,250): https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const MOST_CALLS = { throttlingRateLimit: 1000, throttlingBurstLimit: 1000 }
const HTTP_STAGE = '$default'
const SOCKET_STAGE = 'v1'

const ACCESS = {
  time: '$context.requestTimeEpoch',
  id: '$context.requestId',
  caller: '$context.identity.userArn',
  route: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  ms: '$context.responseLatency',
  error: '$context.error.message',
}

const part = (url: string, n: number) => Fn.select(n, Fn.split('://', url))

/** The two APIs, which only callers with AWS credentials reach; what a caller may do then is in `core`. */
export class Apis extends Construct {
  readonly url: string
  readonly socketUrl: string
  /** Where frames for connections are posted. */
  readonly connectionsUrl: string
  readonly #http: CfnApi
  readonly #socket: CfnApi

  constructor(scope: Construct, { name, logDays }: Config) {
    super(scope, 'Apis')
    this.#http = new CfnApi(this, 'Http', {
      name,
      protocolType: 'HTTP',
      description: 'remote: sessions, and what runners report',
    })
    const log = new LogGroup(this, 'Access', { retention: logRetention(logDays), removalPolicy: RemovalPolicy.DESTROY })
    new CfnStage(this, 'HttpStage', {
      apiId: this.#http.ref,
      stageName: HTTP_STAGE,
      autoDeploy: true,
      defaultRouteSettings: MOST_CALLS,
      accessLogSettings: { destinationArn: log.logGroupArn, format: JSON.stringify(ACCESS) },
    })
    this.#socket = new CfnApi(this, 'Socket', {
      name: `${name}-socket`,
      protocolType: 'WEBSOCKET',
      routeSelectionExpression: '$request.body.type',
      description: 'remote: doorbell and live path',
    })
    const stage = new CfnStage(this, 'SocketStage', {
      apiId: this.#socket.ref,
      stageName: SOCKET_STAGE,
      autoDeploy: true,
      defaultRouteSettings: MOST_CALLS,
    })
    acknowledge(stage, {
      APIG1:
        'Logs of WebSocket APIs need a role that is set for the whole account; connections are in the table, and who opened them in the log of the function.',
    })
    this.url = this.#http.attrApiEndpoint
    this.socketUrl = `${this.#socket.attrApiEndpoint}/${SOCKET_STAGE}`
    // `wss://…` by the scheme of the other one.
    this.connectionsUrl = `${part(this.url, 0)}://${part(this.socketUrl, 1)}`
  }

  /** Every call of the HTTP API goes there that goes nowhere else. */
  answerWith(target: IFunction) {
    const integration = this.#lead(this.#http, 'HttpAnswer', target, { payloadFormatVersion: '2.0', timeoutInMillis: HTTP_MS })
    // Two routes, so that a machine's role can be limited to its own.
    const routes = { People: 'ANY /v1/{proxy+}', Runners: 'ANY /v1/runner/{proxy+}' }
    for (const [id, routeKey] of Object.entries(routes)) this.#route(this.#http, id, routeKey, integration, 'AWS_IAM')
  }

  /** What is about one workspace, which may be about its disk. The longer route goes before the shorter. */
  keepWith(target: IFunction) {
    const integration = this.#lead(this.#http, 'WorkspaceAnswer', target, {
      payloadFormatVersion: '2.0',
      timeoutInMillis: HTTP_MS,
    })
    this.#route(this.#http, 'Workspaces', 'ANY /v1/workspaces/{proxy+}', integration, 'AWS_IAM')
  }

  /** Every frame, and the coming and going of connections. */
  listenWith(target: IFunction) {
    const integration = this.#lead(this.#socket, 'SocketAnswer', target, {})
    this.#route(this.#socket, 'Connect', '$connect', integration, 'AWS_IAM')
    for (const [id, routeKey] of Object.entries({ Frames: '$default', Disconnect: '$disconnect' })) {
      const route = this.#route(this.#socket, id, routeKey, integration, 'NONE')
      acknowledge(route, { APIG4: 'A WebSocket API authorises the connection, once, on $connect; its other routes cannot be.' })
    }
  }

  letPost(): Right {
    const on = [this.#arn(this.#socket, SOCKET_STAGE, '*/@connections/*')]
    return { may: ['execute-api:ManageConnections'], on, why: 'Connections get their ids when they are made.' }
  }

  /** What a machine may call: the runner's routes, and to connect. */
  letRun(): Right {
    const on = [this.#arn(this.#http, HTTP_STAGE, '*/v1/runner/*'), this.#arn(this.#socket, SOCKET_STAGE, '$connect')]
    const why = 'All routes of a runner and nothing else; whose session it is, the function checks by the id of the instance.'
    return { may: ['execute-api:Invoke'], on, why }
  }

  /** What people may call. The routes of runners are among these, and refused to them by the function. */
  letUse(): Right {
    const on = [this.#arn(this.#http, HTTP_STAGE, '*/v1/*'), this.#arn(this.#socket, SOCKET_STAGE, '$connect')]
    return { may: ['execute-api:Invoke'], on, why: 'All of the API of this stack: whoever may use it may use all sessions.' }
  }

  #arn(api: CfnApi, stage: string, what: string) {
    return `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:${api.ref}/${stage}/${what}`
  }

  #lead(api: CfnApi, id: string, target: IFunction, more: { payloadFormatVersion?: string; timeoutInMillis?: number }) {
    new CfnPermission(this, `${id}Allowed`, {
      action: 'lambda:InvokeFunction',
      functionName: target.functionArn,
      principal: 'apigateway.amazonaws.com',
      sourceArn: `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:${api.ref}/*`,
    })
    const functions = `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions`
    return new CfnIntegration(this, id, {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: `${functions}/${target.functionArn}/invocations`,
      ...more,
    })
  }

  #route(api: CfnApi, id: string, routeKey: string, integration: CfnIntegration, authorizationType: 'AWS_IAM' | 'NONE') {
    return new CfnRoute(this, id, { apiId: api.ref, routeKey, authorizationType, target: `integrations/${integration.ref}` })
  }
}
