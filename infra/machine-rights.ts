import { Aws } from 'aws-cdk-lib'
import type { LaunchTemplates } from './constructs/machines.ts'
import type { Network } from './constructs/network.ts'
import type { Right } from './rights.ts'

const ec2 = (...resources: readonly string[]) =>
  resources.map((resource) => `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`)
/** EC2 as IAM calls it, in China by its old name as well. */
const EC2_NAMES = ['ec2.amazonaws.com', 'ec2.amazonaws.com.cn']
const SNAPSHOTS = `arn:${Aws.PARTITION}:ec2:${Aws.REGION}::snapshot/*`
const IMAGES = `arn:${Aws.PARTITION}:ec2:${Aws.REGION}::image/*`
const TAGGED = 'Machines and disks get their ids from EC2; only those with the tag of this stack are meant.'

const tagged = (stack: string, may: readonly string[], ...on: readonly string[]): Right => ({
  may,
  on,
  when: { StringEquals: { 'aws:ResourceTag/remote:stack': stack } },
  why: TAGGED,
})
const tagging = (stack: string, may: readonly string[], ...on: readonly string[]): Right => ({
  may,
  on,
  when: { StringEquals: { 'aws:RequestTag/remote:stack': stack } },
  why: TAGGED,
})

/** Ending machines, and seeing what there is: by the stack's tag, or its profile, which also a machine has that lost its tags. */
export const letEnd = (stack: string, profileArn: string): Right[] => [
  {
    may: ['Instances', 'Volumes', 'Snapshots', 'SpotInstanceRequests'].map((what) => `ec2:Describe${what}`),
    on: ['*'],
    why: 'Describing takes no resource, and changes nothing.',
  },
  tagged(stack, ['ec2:TerminateInstances'], ...ec2('instance/*')),
  {
    may: ['ec2:TerminateInstances'],
    on: ec2('instance/*'),
    when: { ArnEquals: { 'ec2:InstanceProfile': profileArn } },
    why: 'Instances get their ids from EC2; only those with the profile of this stack are meant.',
  },
  tagged(stack, ['ec2:CancelSpotInstanceRequests'], ...ec2('spot-instances-request/*')),
]

/** Why a machine is gone. */
export const letSeeMachines = (): Right => ({
  may: ['ec2:DescribeInstances'],
  on: ['*'],
  why: 'Describing takes no resource, and changes nothing.',
})

/**
 * Launching machines, from this stack's templates, into its network, with its role and tag alone. By resource and not by the condition `ec2:LaunchTemplate`,
 * because AWS does not say that a fleet launches under that condition.
 */
export const letLaunch = (
  stack: string,
  { templates, roleArn, network }: { templates: LaunchTemplates; roleArn: string; network: Network },
): Right[] => [
  {
    may: ['ec2:CreateFleet'],
    on: ['*'],
    why: 'A fleet launches by RunInstances, which is bound to templates and tag of this stack.',
  },
  { may: ['ec2:RunInstances'], on: Object.values(templates).flatMap(({ id }) => ec2(`launch-template/${id}`)) },
  tagging(stack, ['ec2:RunInstances'], ...ec2('instance/*', 'volume/*')),
  {
    may: ['ec2:RunInstances'],
    on: ec2(...network.subnets.map(({ id }) => `subnet/${id}`), `security-group/${network.securityGroupId}`),
  },
  {
    may: ['ec2:RunInstances'],
    on: [...ec2('network-interface/*', 'spot-instances-request/*'), IMAGES, SNAPSHOTS],
    why: 'What a machine is made of besides itself and its disk; without these two, nothing is launched.',
  },
  {
    may: ['ec2:CreateTags'],
    on: [...ec2('instance/*', 'volume/*', 'fleet/*', 'spot-instances-request/*')],
    when: { StringEquals: { 'ec2:CreateAction': ['CreateFleet', 'RunInstances', 'CreateVolume'] } },
    why: 'What is being made has no id yet; what is there already cannot be tagged.',
  },
  { may: ['iam:PassRole'], on: [roleArn], when: { StringEquals: { 'iam:PassedToService': EC2_NAMES } } },
  {
    may: ['iam:CreateServiceLinkedRole'],
    on: [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/aws-service-role/*`],
    when: { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } },
    why: 'An account that has never launched a spot machine lacks this one role, whose name is of AWS.',
  },
]

/** Disks of workspaces for machines that hold them: made with the stack's tag, and touched only with it. */
export const letUseVolumes = (stack: string): Right[] => [
  tagging(stack, ['ec2:CreateVolume'], ...ec2('volume/*')),
  tagged(stack, ['ec2:CreateVolume'], SNAPSHOTS),
  tagged(stack, ['ec2:DeleteVolume'], ...ec2('volume/*')),
  tagged(stack, ['ec2:AttachVolume', 'ec2:DetachVolume'], ...ec2('volume/*', 'instance/*')),
]

/** Disks of workspaces for people: everything but having one. */
export const letKeepVolumes = (stack: string): Right[] => [
  {
    may: ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots'],
    on: ['*'],
    why: 'Describing takes no resource, and changes nothing.',
  },
  tagging(stack, ['ec2:CreateVolume'], ...ec2('volume/*')),
  tagging(stack, ['ec2:CreateSnapshot'], SNAPSHOTS),
  {
    may: ['ec2:CreateTags'],
    on: [...ec2('volume/*'), SNAPSHOTS],
    when: { StringEquals: { 'ec2:CreateAction': ['CreateVolume', 'CreateSnapshot'] } },
    why: 'What is being made has no id yet; what is there already cannot be tagged.',
  },
  tagged(stack, ['ec2:CreateVolume', 'ec2:DeleteSnapshot'], SNAPSHOTS),
  tagged(stack, ['ec2:CreateSnapshot', 'ec2:DeleteVolume', 'ec2:ModifyVolume'], ...ec2('volume/*')),
]

/** What machines and disks cost: the price list, and the spot market. */
export const letReadPrices = (): Right => ({
  may: ['pricing:GetProducts', 'ec2:DescribeSpotPriceHistory'],
  on: ['*'],
  why: 'Prices are no resources, are the same for everybody, and asking for them changes nothing.',
})

/** What nobody knows any more. */
export const letDiscard = (stack: string): Right[] => [
  tagged(stack, ['ec2:DeleteVolume'], ...ec2('volume/*')),
  tagged(stack, ['ec2:DeleteSnapshot'], SNAPSHOTS),
]

const parameters = (names: readonly string[]) =>
  names.map((name) => `arn:${Aws.PARTITION}:ssm:${Aws.REGION}:${Aws.ACCOUNT_ID}:parameter${name}`)

/** Whoever launches from a template whose image is a parameter reads that parameter. */
export const letFindImage = (names: readonly string[]): Right => ({ may: ['ssm:GetParameters'], on: parameters(names) })

/** An image out of a machine of the stack, with the stack's tag; and dropping those that carry it. */
export const letBake = (stack: string, names: readonly string[]): Right[] => [
  { may: ['ssm:PutParameter'], on: parameters(names) },
  { may: ['ec2:DescribeImages'], on: ['*'], why: 'Describing takes no resource, and changes nothing.' },
  tagged(stack, ['ec2:CreateImage', 'ec2:GetConsoleOutput'], ...ec2('instance/*')),
  tagging(stack, ['ec2:CreateImage'], IMAGES, SNAPSHOTS),
  tagged(stack, ['ec2:DeregisterImage'], IMAGES),
  {
    may: ['ec2:CreateTags'],
    on: [IMAGES, SNAPSHOTS],
    when: { StringEquals: { 'ec2:CreateAction': 'CreateImage' } },
    why: 'What is being made has no id yet; what is there already cannot be tagged.',
  },
]
