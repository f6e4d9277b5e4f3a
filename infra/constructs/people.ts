import { Aws } from 'aws-cdk-lib'
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { SSH_USERS } from '../../core/contract/ssh.ts'
import type { Config } from '../config.ts'
import { type Right, statements } from '../rights.ts'
import type { Apis } from './apis.ts'
import type { Network } from './network.ts'

/** The endpoint's own limit. */
const LONGEST_TUNNEL_SECONDS = 3600
const here = `${Aws.REGION}:${Aws.ACCOUNT_ID}`

/** vCPUs of standard machines, on demand and spot. */
const VCPU_QUOTAS = ['L-1216C47A', 'L-34B43A08']

/** `ssh` to machines of this stack, through its endpoint: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permissions-for-ec2-instance-connect-endpoint.html */
const letConnect = (stack: string, endpointId: string): Right[] => [
  {
    may: ['ec2-instance-connect:OpenTunnel'],
    on: [`arn:${Aws.PARTITION}:ec2:${here}:instance-connect-endpoint/${endpointId}`],
    when: {
      NumericEquals: { 'ec2-instance-connect:remotePort': '22' },
      NumericLessThanEquals: { 'ec2-instance-connect:maxTunnelDuration': String(LONGEST_TUNNEL_SECONDS) },
    },
  },
  {
    may: ['ec2:DescribeInstanceConnectEndpoints'],
    on: ['*'],
    why: 'Describing takes no resource, and changes nothing: only so is the address of the endpoint known.',
  },
  {
    may: ['ec2-instance-connect:SendSSHPublicKey'],
    on: [`arn:${Aws.PARTITION}:ec2:${here}:instance/*`],
    when: { StringEquals: { 'aws:ResourceTag/remote:stack': stack }, StringLike: { 'ec2:osuser': [...SSH_USERS] } },
    why: 'Instances get their ids from EC2; only those with the tag of this stack are meant.',
  },
]

/** A policy for whoever is to use remote without being an administrator: attach it to a user, a group or a role. */
export class People extends Construct {
  readonly policyArn: string

  constructor(scope: Construct, { name }: Config, parts: { apis: Apis; network: Network; operate: IFunction }) {
    super(scope, 'People')
    const { apis, network, operate } = parts
    const policy = new ManagedPolicy(this, 'Policy', { description: 'Using remote: dispatching, watching and ending sessions' })
    const finding: Right = {
      may: ['cloudformation:DescribeStacks'],
      on: [`arn:${Aws.PARTITION}:cloudformation:${here}:stack/${name}/*`],
      why: "The end of a stack's ARN is made when it is deployed.",
    }
    // What it does with EC2 is its own to do: people need no permission for that.
    const operating: Right = { may: ['lambda:InvokeFunction'], on: [operate.functionArn] }
    const quotas: Right = {
      may: ['servicequotas:GetServiceQuota'],
      on: VCPU_QUOTAS.map((code) => `arn:${Aws.PARTITION}:servicequotas:${here}:ec2/${code}`),
    }
    const connecting = network.connectEndpointId === undefined ? [] : letConnect(name, network.connectEndpointId)
    policy.addStatements(...statements(policy, [apis.letUse(), finding, operating, quotas, ...connecting]))
    this.policyArn = policy.managedPolicyArn
  }
}
