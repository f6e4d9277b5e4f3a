import type { CreateFleetCommandInput } from '@aws-sdk/client-ec2'
import type { Round } from './launch-round.ts'

/** Tags by which a machine knows its session (through IMDS) and the janitor knows a machine. */
export const TAGS = {
  session: 'remote:session',
  attempt: 'remote:attempt',
  stack: 'remote:stack',
  ttl: 'remote:ttl',
  /** Of a machine: the disk of the workspace that it is to mount. */
  volume: 'remote:volume',
  /** Of a disk or snapshot. */
  workspace: 'remote:workspace',
  /** Of a snapshot: what it was made for, so that it is made once. */
  token: 'remote:token',
} as const

/** `ttlSeconds`: after which the machine ends itself, should nobody else. */
export type Launching = { session: string; attempt: number; stack: string; round: Round; ttlSeconds: number | null }

/** EC2 takes at most 64 characters. */
export const clientToken = ({ session, attempt, round, stack }: Launching) =>
  `${session}-${attempt}-${round.number}-${stack}`.slice(0, 64)

/** A fleet of one machine, at once or not at all. The same round gives the same request, to the byte. */
export const fleetRequest = (launching: Launching): CreateFleetCommandInput => {
  const { session, attempt, stack, round, ttlSeconds } = launching
  const { spot, instance, subnets, maxPriceUsd, launchTemplate, disk } = round
  const overrides = subnets.map(({ id }, index) => ({
    InstanceType: instance as never,
    SubnetId: id,
    Priority: index,
    ...(spot && maxPriceUsd !== undefined && { MaxPrice: String(maxPriceUsd) }),
  }))
  const tags = [
    { Key: TAGS.session, Value: session },
    { Key: TAGS.attempt, Value: String(attempt) },
    { Key: TAGS.stack, Value: stack },
    ...(ttlSeconds === null ? [] : [{ Key: TAGS.ttl, Value: String(ttlSeconds) }]),
    { Key: 'Name', Value: `remote ${session}` },
  ]
  // Of the machine alone: its own disk is none of the workspace's.
  const machineTags = disk === undefined ? tags : [...tags, { Key: TAGS.volume, Value: disk.volume }]
  return {
    Type: 'instant',
    ClientToken: clientToken(launching),
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: launchTemplate.id, Version: launchTemplate.version },
        Overrides: overrides,
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: spot ? 'spot' : 'on-demand' },
    ...(spot
      ? { SpotOptions: { AllocationStrategy: 'capacity-optimized-prioritized', InstanceInterruptionBehavior: 'terminate' } }
      : { OnDemandOptions: { AllocationStrategy: 'prioritized' } }),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: machineTags },
      { ResourceType: 'volume', Tags: tags },
    ],
  }
}
