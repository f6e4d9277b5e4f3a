import { Duration } from 'aws-cdk-lib'
import { type EventPattern, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'

/** A machine that goes, or is about to. */
const MACHINE_EVENTS: Readonly<Record<string, EventPattern>> = {
  SpotInterrupted: { source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
  RebalanceAdvised: { source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] },
  MachineGone: {
    source: ['aws.ec2'],
    detailType: ['EC2 Instance State-change Notification'],
    detail: { state: ['shutting-down', 'terminated', 'stopping', 'stopped'] },
  },
}

const SWEEP_EVERY = Duration.minutes(5)
/** As often as the spot market changes much. */
const PRICES_EVERY = Duration.hours(1)
/** Yesterday's prices and amounts are settled by then. */
const SUMMARY = Schedule.cron({ minute: '0', hour: '6' })

/** What a workspace that is being moved waits for. */
const SNAPSHOT_COMPLETE: EventPattern = {
  source: ['aws.ec2'],
  detailType: ['EBS Snapshot Notification'],
  detail: { event: ['createSnapshot'] },
}

export type Listeners = {
  spotNotice: IFunction
  janitor: IFunction
  workspaces: IFunction
  spend: IFunction
  deadLetters: IQueue
}

/** What calls functions without anybody asking. An event that could not even be handed over becomes a dead letter. */
export class Schedules extends Construct {
  constructor(scope: Construct, { spotNotice, janitor, workspaces, spend, deadLetters }: Listeners) {
    super(scope, 'Schedules')
    const to = (target: IFunction) => [new LambdaFunction(target, { deadLetterQueue: deadLetters })]
    for (const [id, eventPattern] of Object.entries(MACHINE_EVENTS)) new Rule(this, id, { eventPattern, targets: to(spotNotice) })
    new Rule(this, 'Sweep', { schedule: Schedule.rate(SWEEP_EVERY), targets: [...to(janitor), ...to(workspaces)] })
    new Rule(this, 'SnapshotComplete', { eventPattern: SNAPSHOT_COMPLETE, targets: to(workspaces) })
    const hourly = new LambdaFunction(spend, {
      deadLetterQueue: deadLetters,
      event: RuleTargetInput.fromObject({ ask: 'hourly' }),
    })
    new Rule(this, 'Prices', { schedule: Schedule.rate(PRICES_EVERY), targets: [hourly] })
    new Rule(this, 'Summary', { schedule: SUMMARY, targets: to(spend) })
  }
}
