import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CreateFleetCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ACCOUNT, type Cloud, openCloud, REGION } from './cloud.ts'
import { type InstanceHost, openInstanceHost } from './instances.ts'
import { userDataFor } from './instances-stub-plane.ts'
import { deploySample, type SampleOutputs } from './sample-stack.ts'
import { until } from './until.ts'

const consoles = new Map<string, string>()
let cloud: Cloud
let out: SampleOutputs
let host: InstanceHost

const client = () => ({ region: REGION, endpoint: cloud.endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })

/** The real user data, up to what it does, and then one call. */
const oneCall = (url: string): string => {
  const text = Buffer.from(userDataFor(url), 'base64').toString()
  const call = 'signed "$API/v1/runner/s-1/1/bundle?arch=x64" >/dev/console 2>&1\nsystemctl poweroff\n'
  return Buffer.from(text.slice(0, text.lastIndexOf('case $')) + call).toString('base64')
}

/** What a stack has for its machines: a role for EC2 alone, and a template. */
const machineStack = () => ({
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [
          {
            PolicyName: 'run',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: 'execute-api:Invoke',
                  Resource: `arn:aws:execute-api:${REGION}:${ACCOUNT}:${out.HttpId}/*/*/v1/runner/*`,
                },
              ],
            },
          },
        ],
      },
    },
    Profile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [{ Ref: 'Role' }] } },
    Template: {
      Type: 'AWS::EC2::LaunchTemplate',
      Properties: {
        LaunchTemplateData: {
          ImageId: 'ami-12c6146b',
          IamInstanceProfile: { Arn: { 'Fn::GetAtt': ['Profile', 'Arn'] } },
          InstanceInitiatedShutdownBehavior: 'terminate',
          MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, InstanceMetadataTags: 'enabled' },
          UserData: oneCall(out.Http),
        },
      },
    },
  },
  Outputs: { Template: { Value: { Ref: 'Template' } }, Role: { Value: { Ref: 'Role' } } },
})

beforeAll(async () => {
  cloud = await openCloud()
  out = await deploySample(cloud)
  host = await openInstanceHost({
    launcherUrl: `${cloud.endpoint}/_rehearsal`,
    assumeRole: cloud.control.credentials,
    ports: [cloud.port, ...cloud.front.ports],
    onOff: (id, _, console) => consoles.set(id, console),
  })
  await cloud.control.places({ instances: host.url })
})
afterAll(async () => {
  await host?.close()
  await cloud?.close()
})

it('a fleet of one is a machine that boots, calls the API as its own instance, and is terminated once it is off', async () => {
  const formation = new CloudFormationClient(client())
  await formation.send(new CreateStackCommand({ StackName: 'machine', TemplateBody: JSON.stringify(machineStack()) }))
  const { Stacks } = await formation.send(new DescribeStacksCommand({ StackName: 'machine' }))
  const outputs = Object.fromEntries((Stacks?.[0]?.Outputs ?? []).map((output) => [output.OutputKey, output.OutputValue]))
  const ec2 = new EC2Client(client())
  const fleet = await ec2.send(
    new CreateFleetCommand({
      Type: 'instant',
      ClientToken: 's-1-1-1',
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: outputs['Template'], Version: '$Latest' },
          Overrides: [{ InstanceType: 't3.small' }],
        },
      ],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'remote:session', Value: 's-1' }] }],
    }),
  )
  const id = fleet.Instances?.[0]?.InstanceIds?.[0] ?? ''
  const gone = await until('it is terminated', async () => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
    const instance = Reservations?.[0]?.Instances?.[0]
    return instance?.State?.Name === 'terminated' ? instance : undefined
  })
  expect(gone.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown')
  const [said = '', status] = (consoles.get(id) ?? '').trim().split('\n').slice(-2)
  expect([status, said]).toEqual(['201', expect.stringMatching(/^\{/)])
  const { requestContext } = JSON.parse(said) as { requestContext: { authorizer: { iam: Record<string, string> } } }
  expect(requestContext.authorizer.iam['callerId']).toMatch(new RegExp(`^AROA\\w+:${id}$`))
  expect(requestContext.authorizer.iam['userArn']).toContain(`assumed-role/${outputs['Role']}/${id}`)
})
