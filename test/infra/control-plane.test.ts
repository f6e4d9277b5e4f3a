import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { JANITOR_MARK } from '../../core/contract/janitor-mark.ts'
import { ofType, properties, type Resource, synthesized, synthesizedFor, type Template } from './synthesized.ts'

const { outdir, control } = synthesized()
const templates = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, readFileSync(join(directory, name), 'utf8').replaceAll(directory, '')])

describe('the stack', () => {
  it('is the same whenever it is synthesized', () => {
    const again = synthesized()
    const first = templates(outdir).filter(([name = '']) => /template|assets/.test(name))
    expect(templates(again.outdir).filter(([name = '']) => /template|assets/.test(name))).toEqual(first)
    expect(first.length).toBe(4)
  })
  it('says where everything is', () => {
    const names = [
      'ApiUrl',
      'BucketName',
      'ConnectEndpoint',
      'PeoplePolicyArn',
      'Region',
      'SocketUrl',
      'StateMachineArn',
      'TableName',
      'TopicArn',
      'Version',
    ]
    expect(Object.keys(control.Outputs ?? {})).toEqual(expect.arrayContaining(names))
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
    expect(control.Outputs?.['Version']?.Value).toBe(version)
  })
  it('says what was chosen, so that the next deployment chooses the same', () => {
    const chosen = synthesized({ zones: 2, emails: ['a@b.c', 'd@e.f'] }).control.Outputs?.['Settings']?.Value
    expect(JSON.parse(String(chosen))).toEqual({ zones: '2', emails: 'a@b.c,d@e.f' })
    expect(control.Outputs?.['Settings']?.Value).toBe('{}')
  })
  it('can be there twice in one account, under another name', () => {
    const [one, other] = [control, synthesized({ name: 'other' }).control].map((template) => JSON.stringify(template))
    expect(one).toContain('remote-lifecycle')
    for (const name of ['remote-lifecycle', 'remote-state-', 'secret:remote/remote/', '"remote-socket"']) {
      expect(one).toContain(name)
      expect(other).not.toContain(name)
    }
  })
  it('has nothing that is paid for by the hour', () => {
    const types = new Set(Object.values(control.Resources).map(({ Type }) => Type))
    const hourly = [
      'NatGateway',
      'EIP',
      'Instance',
      'LoadBalancer',
      'DBInstance',
      'Cluster',
      'KMS::Key',
      'SecretsManager::Secret',
    ]
    for (const name of hourly) expect([...types].filter((type) => type.endsWith(`::${name}`))).toEqual([])
    for (const endpoint of properties(control, 'AWS::EC2::VPCEndpoint')) expect(endpoint['VpcEndpointType']).toBe('Gateway')
  })
})

/** As `cdk deploy` with credentials of that region. */
describe('the network', () => {
  const subnets = (region: string, zones = 0) => properties(synthesizedFor(region, { zones }).control, 'AWS::EC2::Subnet')
  it('has a public subnet in every zone of the region', () => {
    const most = subnets('us-east-1')
    expect([most.length, subnets('us-west-1').length, subnets('eu-central-1').length]).toEqual([6, 2, 3])
    expect(subnets('us-east-1', 1)).toHaveLength(1)
    const blocks = most.map(({ CidrBlock, MapPublicIpOnLaunch }) => [CidrBlock, MapPublicIpOnLaunch])
    expect(new Set(blocks.map(([block]) => block)).size).toBe(6)
    expect(blocks[5]).toEqual(['10.113.80.0/20', true])
  })
  it('lets in ssh from the Instance Connect Endpoint and nothing else', () => {
    const groups = ofType(control, 'AWS::EC2::SecurityGroup')
    for (const [, { Properties }] of groups) expect(Properties).not.toHaveProperty('SecurityGroupIngress')
    const idOf = (part: string) => groups.find(([id]) => id.includes(part))?.[0]
    expect(properties(control, 'AWS::EC2::SecurityGroupIngress')).toEqual([
      expect.objectContaining({
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        GroupId: { 'Fn::GetAtt': [idOf('Machines'), 'GroupId'] },
        SourceSecurityGroupId: { 'Fn::GetAtt': [idOf('Connectors'), 'GroupId'] },
      }),
    ])
  })
  it('lets nothing in at all without the endpoint', () => {
    const closed = synthesized({ instanceConnect: false }).control
    expect(ofType(closed, 'AWS::EC2::SecurityGroupIngress')).toEqual([])
    expect(ofType(closed, 'AWS::EC2::InstanceConnectEndpoint')).toEqual([])
  })
})

describe('a machine', () => {
  const data = (template: Template) =>
    ofType(template, 'AWS::EC2::LaunchTemplate').map(
      ([, { Properties }]) => Properties['LaunchTemplateData'] as Resource['Properties'],
    )
  it('is launched from a template for each architecture, and is gone when it is off', () => {
    expect(data(control)).toHaveLength(2)
    for (const template of data(control)) {
      expect(template).toMatchObject({
        InstanceInitiatedShutdownBehavior: 'terminate',
        MetadataOptions: {
          HttpEndpoint: 'enabled',
          HttpTokens: 'required',
          HttpPutResponseHopLimit: 1,
          InstanceMetadataTags: 'enabled',
        },
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true } },
        ],
      })
    }
  })
  it('boots what a parameter of the stack names: what was found at deploy until an image is baked', () => {
    const parameters = (control as unknown as { Parameters: Record<string, unknown> }).Parameters
    expect(Object.values(parameters)).toContainEqual({
      Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      Default: '/aws/service/debian/release/12/latest/amd64',
    })
    const given = synthesized({ architectures: 'x64', imageX64: 'ami-0123456789abcdef0' }).control
    expect(data(given).map(({ ImageId }) => ImageId)).toEqual(['resolve:ssm:/remote/remote/image/x64'])
    expect(properties(given, 'AWS::SSM::Parameter')).toEqual([
      expect.objectContaining({ Name: '/remote/remote/image/x64', DataType: 'aws:ec2:image', Value: 'ami-0123456789abcdef0' }),
    ])
  })
})

describe('the APIs', () => {
  it('take so many calls on each route and no more: machines keep neither people nor the account’s other functions out', () => {
    for (const { DefaultRouteSettings } of properties(control, 'AWS::ApiGatewayV2::Stage'))
      expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 1000 })
    const routes = properties(control, 'AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey)
    expect(routes).toEqual(expect.arrayContaining(['ANY /v1/{proxy+}', 'ANY /v1/runner/{proxy+}']))
  })
  it('authorise every call by IAM, and of frames the connection they come on', () => {
    const routes = properties(control, 'AWS::ApiGatewayV2::Route').map(({ RouteKey, AuthorizationType }) => [
      RouteKey,
      AuthorizationType,
    ])
    expect(Object.fromEntries(routes)).toEqual({
      'ANY /v1/{proxy+}': 'AWS_IAM',
      'ANY /v1/runner/{proxy+}': 'AWS_IAM',
      'ANY /v1/workspaces/{proxy+}': 'AWS_IAM',
      $connect: 'AWS_IAM',
      $default: 'NONE',
      $disconnect: 'NONE',
    })
  })
})

describe('guards', () => {
  it('are called by what happens to machines, every five minutes, every hour and every day', () => {
    const rules = properties(control, 'AWS::Events::Rule').map(
      ({ ScheduleExpression, EventPattern }) =>
        ScheduleExpression ?? (EventPattern as { 'detail-type': string[] })['detail-type'][0],
    )
    expect(rules.toSorted()).toEqual([
      'EBS Snapshot Notification',
      'EC2 Instance Rebalance Recommendation',
      'EC2 Instance State-change Notification',
      'EC2 Spot Instance Interruption Warning',
      'cron(0 6 * * ? *)',
      'rate(1 hour)',
      'rate(5 minutes)',
    ])
  })
  it('keep what they could not handle, and somebody is told', () => {
    for (const { Targets } of properties(control, 'AWS::Events::Rule'))
      expect((Targets as { DeadLetterConfig?: unknown }[])[0]?.DeadLetterConfig).toBeDefined()
    const alarms = properties(control, 'AWS::CloudWatch::Alarm')
    expect(alarms.map(({ MetricName }) => MetricName).toSorted()).toEqual([
      'Errors',
      'Errors',
      'ExecutionsAborted',
      'ExecutionsFailed',
      'JanitorKills',
      'NumberOfMessagesSent',
    ])
    // Beyond ten they cost money.
    expect(alarms.length).toBeLessThan(10)
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1)
  })
  it('are told of machines that the janitor ended by the word that its log has of those alone', () => {
    const [filter] = properties(control, 'AWS::Logs::MetricFilter')
    expect(filter).toMatchObject({ FilterPattern: `"${JANITOR_MARK}"` })
    expect(JANITOR_MARK).toMatch(/^\w+$/) // what a term may be without rules of its own
  })
  it('tell by mail and webhook whoever was named', () => {
    const told = synthesized({ emails: 'a@example.com,b@example.com', webhooks: 'https://example.com/hook' }).control
    const endpoints = properties(told, 'AWS::SNS::Subscription').map(({ Protocol, Endpoint }) => [Protocol, Endpoint])
    expect(endpoints.toSorted()).toEqual([
      ['email', 'a@example.com'],
      ['email', 'b@example.com'],
      ['https', 'https://example.com/hook'],
    ])
  })
  it('include the budget of AWS, of the same amount', () => {
    const [budget] = properties(synthesized({ dailyBudgetUsd: 25 }).control, 'AWS::Budgets::Budget')
    expect(budget).toMatchObject({ Budget: { TimeUnit: 'DAILY', BudgetLimit: { Amount: 25, Unit: 'USD' } } })
    const [tagged] = properties(synthesized({ budgetScope: 'tag' }).control, 'AWS::Budgets::Budget')
    expect(tagged).toMatchObject({ Budget: { CostFilters: { TagKeyValue: ['user:remote:stack$remote'] } } })
  })
})

it('functions run on Node 24 from the built directories, and their logs end', () => {
  const functions = properties(control, 'AWS::Lambda::Function')
  expect(functions).toHaveLength(8)
  for (const one of functions)
    expect(one).toMatchObject({ Runtime: 'nodejs24.x', Handler: 'index.handler', Architectures: ['arm64'] })
  for (const log of properties(control, 'AWS::Logs::LogGroup')) expect(log['RetentionInDays']).toBe(30)
  const [one] = properties(synthesized({ functionArchitecture: 'x64' }).control, 'AWS::Lambda::Function')
  expect(one).toMatchObject({ Architectures: ['x86_64'] })
})
