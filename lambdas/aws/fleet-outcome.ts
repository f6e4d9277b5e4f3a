import type { CreateFleetCommandOutput } from '@aws-sdk/client-ec2'
import { meaningOf } from './ec2-errors.ts'
import type { Round } from './launch-round.ts'

export type Launch = { machine: string; zone: string }
type Failure = { code: string; message: string | undefined }

/** The machine, or why there is none: the error that says most about what to do. */
export const fleetOutcome = ({ Instances, Errors }: CreateFleetCommandOutput, round: Round): Launch | Failure => {
  const [got] = Instances ?? []
  const machine = got?.InstanceIds?.[0]
  if (machine !== undefined) {
    const subnet = got?.LaunchTemplateAndOverrides?.Overrides?.SubnetId
    return { machine, zone: round.subnets.find(({ id }) => id === subnet)?.zone ?? '' }
  }
  const errors: Failure[] = (Errors ?? []).map(({ ErrorCode = 'Unknown', ErrorMessage }) => ({
    code: ErrorCode,
    message: ErrorMessage,
  }))
  const weight = { refuse: 0, elsewhere: 1, later: 2 }
  // Lacking capacity anywhere leaves the next round; a refusal of one candidate is told only if nothing else was the matter.
  const [worst = { code: 'InsufficientInstanceCapacity', message: undefined }] = errors.toSorted(
    (a, b) => weight[meaningOf(b.code).do] - weight[meaningOf(a.code).do],
  )
  return worst
}
