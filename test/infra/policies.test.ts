import { describe, expect, it } from 'vitest'
import { ofType, properties, synthesized } from './synthesized.ts'

type Statement = {
  Action: string | string[]
  Resource: unknown
  Condition?: Record<string, Record<string, unknown>>
  Principal?: unknown
}

const { control } = synthesized()
const text = (value: unknown) => JSON.stringify(value)
const listed = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value])

/** All statements of the roles whose logical id has that part. */
const statementsOf = (part: string): Statement[] =>
  ofType(control, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => text(Properties['Roles']).includes(part))
    .flatMap(([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement)
const actionsOf = (part: string) => statementsOf(part).flatMap(({ Action }) => listed(Action))
const about = (part: string, action: string) => statementsOf(part).filter(({ Action }) => listed(Action).includes(action))
const trustOf = (part: string) => {
  const [role] = ofType(control, 'AWS::IAM::Role').filter(([id]) => id.includes(part))
  return (role?.[1].Properties['AssumeRolePolicyDocument'] as { Statement: Statement[] } | undefined)?.Statement ?? []
}
const services = (part: string) => new Set(actionsOf(part).map((action) => action.split(':')[0]))

describe('a machine', () => {
  it('may make the calls of a runner and connect, and nothing else in all of AWS', () => {
    const [statement, ...others] = statementsOf('MachinesRole')
    expect(others).toEqual([])
    expect(statement?.Action).toBe('execute-api:Invoke')
    const resources = listed(statement?.Resource).map((resource) => text(resource).replace(/.*"([^"]*)"\].*/, '$1'))
    expect(resources).toEqual(['/$default/*/v1/runner/*', '/v1/$connect'])
  })
  it('is trusted only as what EC2 says it is: then its session is named after the instance', () => {
    expect(trustOf('MachinesRole')).toEqual([
      { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' } },
    ])
  })
})

describe('a session', () => {
  it('gets its credentials from the function that knows whose they are, and from nobody else', () => {
    const [trust, ...others] = trustOf('SessionRole')
    expect(others).toEqual([])
    expect(text(trust?.Principal)).toMatch(/^\{"AWS":\{"Fn::GetAtt":\["HttpFunctionRole\w+","Arn"\]\}\}$/)
    expect(ofType(control, 'AWS::IAM::Policy').filter(([, one]) => text(one).includes('sts:AssumeRole'))).toHaveLength(1)
  })
  it('may at most read secrets of the stack and use objects of sessions', () => {
    expect(actionsOf('SessionRole').toSorted()).toEqual(['s3:GetObject', 's3:PutObject', 'secretsmanager:GetSecretValue'])
    expect(text(about('SessionRole', 's3:PutObject')[0]?.Resource)).toContain('/sessions/*')
    expect(text(about('SessionRole', 'secretsmanager:GetSecretValue')[0]?.Resource)).toContain(':secret:remote/remote/*')
  })
})

describe('functions', () => {
  const NAMES = ['Http', 'Socket', 'Workspaces', 'Step', 'Janitor', 'Spend', 'SpotNotice', 'Operate'].map(
    (name) => `${name}FunctionRole`,
  )

  it('have a role each, which Lambda alone may assume', () => {
    for (const name of NAMES)
      expect(trustOf(name)).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ])
  })
  it('may use no action by a wildcard, and no policy of AWS', () => {
    for (const name of NAMES) for (const action of actionsOf(name)) expect(action).not.toContain('*')
    for (const [, { Properties }] of ofType(control, 'AWS::IAM::Role')) expect(Properties).not.toHaveProperty('ManagedPolicyArns')
  })
  it('that face people and machines can neither launch nor end a machine', () => {
    for (const name of ['HttpFunctionRole', 'SocketFunctionRole']) expect(services(name).has('ec2')).toBe(false)
  })
  it('ask for prices by one alone, which can do nothing else with EC2; the one that launches reads what is stored', () => {
    const asking = (action: string) => NAMES.filter((name) => actionsOf(name).includes(action))
    expect([asking('pricing:GetProducts'), asking('ec2:DescribeSpotPriceHistory')]).toEqual([
      ['SpendFunctionRole'],
      ['SpendFunctionRole'],
    ])
    expect([...services('SpendFunctionRole')].toSorted()).toEqual([
      'dynamodb',
      'ec2',
      'execute-api',
      'logs',
      'pricing',
      's3',
      'sns',
      'sqs',
      'states',
    ])
    expect(actionsOf('SpendFunctionRole').filter((action) => action.startsWith('ec2:'))).toEqual(['ec2:DescribeSpotPriceHistory'])
  })
  it('that hear of machines that are gone may ask why, and no more', () => {
    expect(actionsOf('SpotNoticeFunctionRole').filter((action) => action.startsWith('ec2:'))).toEqual(['ec2:DescribeInstances'])
  })
  it('that look after lifecycles may ask about and begin those of this stack alone', () => {
    const [ask] = about('JanitorFunctionRole', 'states:DescribeExecution')
    expect(text(ask?.Resource)).toContain(':execution:remote-lifecycle:*')
    expect(text(about('JanitorFunctionRole', 'states:StartExecution')[0]?.Resource)).toContain(':stateMachine:remote-lifecycle')
  })
  it('read secrets only where sessions are accepted and asked for: no other function ever sees one', () => {
    for (const name of NAMES.filter((one) => one !== 'HttpFunctionRole'))
      expect(actionsOf(name).filter((action) => /secretsmanager:(BatchGet|Get|Put|Update|Create)/.test(action))).toEqual([])
    expect(actionsOf('HttpFunctionRole')).toContain('secretsmanager:GetSecretValue')
  })
  it('that launch machines do it in this network alone', () => {
    const resources = about('StepFunctionRole', 'ec2:RunInstances').flatMap(({ Resource }) => listed(Resource).map(text))
    const places = resources.filter((one) => /:(subnet|security-group)\//.test(one))
    expect(places.length).toBeGreaterThan(1)
    for (const one of places) expect(one).not.toMatch(/(subnet|security-group)\/\*/)
  })
  it('never scan the table', () => {
    for (const name of NAMES) expect(actionsOf(name)).not.toContain('dynamodb:Scan')
  })
  it('launch from the templates of the stack, with its role, and end what is theirs', () => {
    const launching = about('StepFunctionRole', 'ec2:RunInstances')
    const untagged = text(
      launching.filter(({ Condition }) => !text(Condition ?? '').includes('aws:RequestTag/remote:stack":"remote"')),
    )
    expect(untagged).not.toMatch(/:(instance|volume)\/\*"/)
    expect(untagged).toMatch(/:launch-template\/"/)
    expect(text(launching)).not.toContain('launch-template/*')
    const [passing] = about('StepFunctionRole', 'iam:PassRole')
    expect(text(passing?.Resource)).toContain('MachinesRole')
    expect(passing?.Condition).toEqual({
      StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'ec2.amazonaws.com.cn'] },
    })
    for (const name of ['StepFunctionRole', 'JanitorFunctionRole', 'OperateFunctionRole']) {
      const conditions = about(name, 'ec2:TerminateInstances').map(({ Condition }) =>
        Object.values(Condition ?? {}).flatMap(Object.keys),
      )
      expect(conditions.toSorted()).toEqual([['aws:ResourceTag/remote:stack'], ['ec2:InstanceProfile']])
    }
  })
  it('touch no disk without the tag of the stack', () => {
    const untagged = ['StepFunctionRole', 'OperateFunctionRole', 'WorkspacesFunctionRole']
      .flatMap(statementsOf)
      .filter(({ Action }) =>
        listed(Action).some((action) => /Volume|Snapshot/.test(action) && !action.startsWith('ec2:Describe')),
      )
      .filter(({ Condition }) => !text(Condition).includes('/remote:stack":"remote"'))
    expect(untagged).toEqual([])
  })
  it('invoke another function only to ask the one that launches whether it could', () => {
    expect(NAMES.filter((name) => actionsOf(name).includes('lambda:InvokeFunction'))).toEqual(['OperateFunctionRole'])
    expect(text(about('OperateFunctionRole', 'lambda:InvokeFunction')[0]?.Resource)).toMatch(/StepFunction\w+","Arn"/)
  })
  it('have disks of workspaces made and deleted by one, and beside it by the one that launches', () => {
    const actions = actionsOf('WorkspacesFunctionRole').filter((action) => action.startsWith('ec2:'))
    expect([...new Set(actions)].toSorted()).toEqual([
      'ec2:CreateSnapshot',
      'ec2:CreateTags',
      'ec2:CreateVolume',
      'ec2:DeleteSnapshot',
      'ec2:DeleteVolume',
      'ec2:DescribeSnapshots',
      'ec2:DescribeVolumes',
      'ec2:ModifyVolume',
    ])
    expect([...services('WorkspacesFunctionRole')].toSorted()).toEqual(['dynamodb', 'ec2', 'logs', 'sqs'])
    for (const [action, names] of Object.entries({
      'ec2:DeleteVolume': ['WorkspacesFunctionRole', 'StepFunctionRole', 'OperateFunctionRole'],
      'ec2:AttachVolume': ['StepFunctionRole'],
      'ec2:DeleteSnapshot': ['WorkspacesFunctionRole', 'OperateFunctionRole'],
    }))
      expect(NAMES.filter((name) => actionsOf(name).includes(action))).toEqual(names)
  })
  it('make and drop images only of machines and images of the stack, and write no parameter but those of its images', () => {
    expect(NAMES.filter((name) => actionsOf(name).includes('ssm:PutParameter'))).toEqual(['OperateFunctionRole'])
    expect(text(about('OperateFunctionRole', 'ssm:PutParameter')[0]?.Resource)).toMatch(/parameter\/remote\/remote\/image\/x64/)
    for (const action of ['ec2:CreateImage', 'ec2:DeregisterImage', 'ec2:GetConsoleOutput'])
      for (const { Condition } of about('OperateFunctionRole', action))
        expect(text(Condition)).toContain('/remote:stack":"remote"')
  })
  it('end machines, begin sessions or tell people only where that is their work', () => {
    const which = (action: string) => NAMES.filter((name) => actionsOf(name).includes(action))
    expect(which('ec2:TerminateInstances')).toEqual(['StepFunctionRole', 'JanitorFunctionRole', 'OperateFunctionRole'])
    expect(which('states:StartExecution')).toEqual(['HttpFunctionRole', 'JanitorFunctionRole'])
    expect(which('sns:Publish')).toEqual(['JanitorFunctionRole', 'SpendFunctionRole'])
    expect(which('secretsmanager:GetSecretValue')).toEqual(['HttpFunctionRole'])
  })
})

it('people who are no administrators may find the stack, use its API and connect to its machines', () => {
  const documents = properties(control, 'AWS::IAM::ManagedPolicy').map(
    ({ PolicyDocument }) => PolicyDocument as { Statement: Statement[] },
  )
  expect(documents.flatMap(({ Statement }) => Statement).map(({ Action }) => Action)).toEqual([
    'execute-api:Invoke',
    'cloudformation:DescribeStacks',
    'lambda:InvokeFunction',
    'servicequotas:GetServiceQuota',
    'ec2-instance-connect:OpenTunnel',
    'ec2:DescribeInstanceConnectEndpoints',
    'ec2-instance-connect:SendSSHPublicKey',
  ])
})

it('people reach port 22 through the endpoint of the stack for an hour at most, as the agent, on machines of the stack', () => {
  const [document] = properties(control, 'AWS::IAM::ManagedPolicy').map(
    ({ PolicyDocument }) => PolicyDocument as { Statement: Statement[] },
  )
  const of = (action: string) => document?.Statement.find(({ Action }) => Action === action)
  const tunnel = of('ec2-instance-connect:OpenTunnel')
  expect(text(tunnel?.Resource)).toMatch(/:instance-connect-endpoint\/",\{"Ref":"NetworkConnect\w*"\}\]\]/)
  expect(tunnel?.Condition).toEqual({
    NumericEquals: { 'ec2-instance-connect:remotePort': '22' },
    NumericLessThanEquals: { 'ec2-instance-connect:maxTunnelDuration': '3600' },
  })
  expect(of('ec2-instance-connect:SendSSHPublicKey')?.Condition).toEqual({
    StringEquals: { 'aws:ResourceTag/remote:stack': 'remote' },
    StringLike: { 'ec2:osuser': ['agent', 'agent-*'] },
  })
})

it('without the endpoint nobody may connect to anything', () => {
  expect(text(synthesized({ instanceConnect: false }).control)).not.toMatch(/instance-connect/)
})

it('the state machine may call the step function, nothing else', () => {
  expect(actionsOf('LifecycleRole')).toEqual(['lambda:InvokeFunction'])
  expect(text(statementsOf('LifecycleRole')[0]?.Resource)).toMatch(/^\{"Fn::GetAtt":\["StepFunction\w+","Arn"\]\}$/)
})

describe('the agent of a session', () => {
  it('may not even invoke a model unless that was chosen', () => {
    expect(text(control)).not.toContain('bedrock:')
  })
  it('may invoke the models that were chosen, and nothing else', () => {
    const { control } = synthesized({ bedrock: 'anthropic.*' })
    const roles = ofType(control, 'AWS::IAM::Policy').filter(([, one]) => text(one).includes('bedrock:'))
    expect(roles.map(([name]) => name)).toEqual([expect.stringMatching(/^ModelRole/)])
    const policy = roles[0]?.[1].Properties['PolicyDocument'] as { Statement: Statement[] } | undefined
    const [statement, ...others] = policy?.Statement ?? []
    expect(others).toEqual([])
    expect(statement?.Action).toEqual(['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'])
    const arns = listed(statement?.Resource).map((arn) => text(arn).replace(/.*(:[^:"]*)"\].*/, '$1'))
    expect(arns.toSorted()).toEqual([':foundation-model/anthropic.*', ':inference-profile/*anthropic.*'])
  })
})
