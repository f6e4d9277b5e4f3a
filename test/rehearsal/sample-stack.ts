import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type Cloud, REGION } from './cloud.ts'

/** One function that answers for every part: what came in, or what the test asks for. */
const CODE = `
export const handler = async (event) => {
  if (event.fail) { const error = new Error(event.fail); error.name = event.fail; throw error }
  if (event.token) { console.log('TOKEN ' + event.token); return new Promise((resolve) => setTimeout(resolve, 500)) }
  if (event.hang) return new Promise(() => setInterval(() => {}, 1000))
  if (event.environment) return { role: process.env.AWS_ACCESS_KEY_ID, colour: process.env.COLOUR, pid: process.pid }
  if (event.requestContext?.connectionId) {
    console.log('SOCKET ' + JSON.stringify(event))
    return { statusCode: event.queryStringParameters?.refuse ? 403 : 200 }
  }
  if (event.version === '2.0') return { statusCode: 201, headers: { 'X-Seen': 'yes' }, body: JSON.stringify(event) }
  console.log('EVENT ' + JSON.stringify(event))
  return { seen: event }
}
`
const assume = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
})
const allow = (Action: string, Resource: unknown) => ({
  PolicyName: 'allow',
  PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] },
})
const att = (name: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [name, attribute] })
const ref = (name: string) => ({ Ref: name })

const machine = {
  StartAt: 'Call',
  States: {
    Call: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'FUNCTION', 'Payload.$': '$.call' },
      ResultPath: null,
      Catch: [{ ErrorEquals: ['Refused'], Next: 'WasRefused' }],
      Next: 'Wait',
    },
    Wait: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Parameters: { FunctionName: 'FUNCTION', Payload: { 'token.$': '$$.Task.Token' } },
      TimeoutSecondsPath: '$.seconds',
      HeartbeatSeconds: 3,
      Catch: [
        { ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Silent' },
        { ErrorEquals: ['States.Timeout'], Next: 'Late' },
      ],
      End: true,
    },
    WasRefused: { Type: 'Pass', Result: { end: 'refused' }, End: true },
    Silent: { Type: 'Pass', Result: { end: 'silent' }, End: true },
    Late: { Type: 'Pass', Result: { end: 'late' }, End: true },
  },
}
const withFunction = (text: string) => ({
  'Fn::Join': ['', text.split('FUNCTION').flatMap((part, n) => (n === 0 ? [part] : [att('Fn'), part]))],
})
const lambdaUri = {
  'Fn::Join': ['', [`arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/`, att('Fn'), '/invocations']],
}
const integration = (api: string) => ({
  Type: 'AWS::ApiGatewayV2::Integration',
  Properties: { ApiId: ref(api), IntegrationType: 'AWS_PROXY', IntegrationUri: lambdaUri, PayloadFormatVersion: '2.0' },
})
const route = (api: string, RouteKey: string, authorized = true) => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: ref(api),
    RouteKey,
    AuthorizationType: authorized ? 'AWS_IAM' : 'NONE',
    Target: { 'Fn::Join': ['/', ['integrations', ref(`${api}Integration`)]] },
  },
})
const api = (ProtocolType: string) => ({
  Type: 'AWS::ApiGatewayV2::Api',
  Properties: { Name: ProtocolType, ProtocolType, RouteSelectionExpression: '$request.body.action' },
})

export const SSH = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
const group = (GroupDescription: string) => ({
  Type: 'AWS::EC2::SecurityGroup',
  Properties: { VpcId: ref('Vpc'), GroupDescription },
})

const TEMPLATE = {
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: assume('lambda.amazonaws.com'),
        Policies: [allow('execute-api:ManageConnections', '*')],
      },
    },
    Fn: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: att('Role'),
        Timeout: 2,
        MemorySize: 256,
        Code: { S3Bucket: 'code', S3Key: 'code.zip' },
        Environment: { Variables: { COLOUR: 'green' } },
      },
    },
    Retries: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: ref('Fn'), Qualifier: '$LATEST', MaximumRetryAttempts: 1 },
    },
    MachineRole: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: assume('states.amazonaws.com') } },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { RoleArn: att('MachineRole'), DefinitionString: withFunction(JSON.stringify(machine)) },
    },
    Http: api('HTTP'),
    HttpStage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: ref('Http'), StageName: '$default', AutoDeploy: true } },
    HttpIntegration: integration('Http'),
    HttpRunner: route('Http', 'ANY /v1/runner/{proxy+}'),
    HttpPeople: route('Http', 'ANY /v1/{proxy+}'),
    Socket: api('WEBSOCKET'),
    SocketStage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: ref('Socket'), StageName: 'v1', AutoDeploy: true } },
    SocketIntegration: integration('Socket'),
    Connect: route('Socket', '$connect'),
    Default: route('Socket', '$default', false),
    Disconnect: route('Socket', '$disconnect', false),
    Stopped: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: {
          source: ['aws.ec2'],
          'detail-type': ['EC2 Instance State-change Notification'],
          detail: { state: ['terminated'] },
        },
        Targets: [{ Id: 'fn', Arn: att('Fn') }],
      },
    },
    Copied: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.ec2'], 'detail-type': ['EBS Snapshot Notification'] },
        Targets: [{ Id: 'fn', Arn: att('Fn') }],
      },
    },
    Janitor: {
      Type: 'AWS::Events::Rule',
      Properties: { ScheduleExpression: 'rate(5 minutes)', Targets: [{ Id: 'fn', Arn: att('Fn'), Input: '{"sweep":1}' }] },
    },
    Budget: { Type: 'AWS::Budgets::Budget', Properties: { Budget: { BudgetType: 'COST', TimeUnit: 'DAILY' } } },
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    Machines: group('machines'),
    Apart: group('machines that nobody reaches'),
    Connectors: group('the endpoint'),
    Ssh: {
      Type: 'AWS::EC2::SecurityGroupIngress',
      Properties: { ...SSH, GroupId: att('Machines', 'GroupId'), SourceSecurityGroupId: att('Connectors', 'GroupId') },
    },
    Endpoint: {
      Type: 'AWS::EC2::InstanceConnectEndpoint',
      Properties: { SubnetId: 'subnet-1', SecurityGroupIds: [att('Connectors', 'GroupId')] },
    },
  },
  Outputs: {
    FunctionName: { Value: ref('Fn') },
    RoleArn: { Value: att('Role') },
    Machine: { Value: ref('Machine') },
    Http: { Value: att('Http', 'ApiEndpoint') },
    HttpId: { Value: ref('Http') },
    Socket: { Value: { 'Fn::Join': ['/', [att('Socket', 'ApiEndpoint'), 'v1']] } },
    SocketId: { Value: ref('Socket') },
    Janitor: { Value: ref('Janitor') },
    Endpoint: { Value: att('Endpoint', 'Id') },
    Machines: { Value: att('Machines', 'GroupId') },
    Apart: { Value: att('Apart', 'GroupId') },
  },
}

export type SampleOutputs = Record<keyof (typeof TEMPLATE)['Outputs'], string>

/** Deploys the template through the API, as any client would, and answers its outputs. */
export const deploySample = async (cloud: Cloud): Promise<SampleOutputs> => {
  const client = { region: REGION, endpoint: cloud.endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
  const dir = join(cloud.dir, 'sample')
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'index.mjs'), CODE)
  execFileSync('python3', ['-m', 'zipfile', '-c', 'code.zip', 'index.mjs'], { cwd: dir })
  const s3 = new S3Client(client)
  await s3.send(new CreateBucketCommand({ Bucket: 'code' }))
  await s3.send(new PutObjectCommand({ Bucket: 'code', Key: 'code.zip', Body: readFileSync(join(dir, 'code.zip')) }))
  const cloudFormation = new CloudFormationClient(client)
  await cloudFormation.send(new CreateStackCommand({ StackName: 'sample', TemplateBody: JSON.stringify(TEMPLATE) }))
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'sample' }))
  const outputs = Stacks?.[0]?.Outputs ?? []
  return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])) as SampleOutputs
}
