import { Aws, Duration, Stack } from 'aws-cdk-lib'
import { CfnBudget } from 'aws-cdk-lib/aws-budgets'
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { JANITOR_MARK } from '../../core/contract/janitor-mark.ts'
import type { Config } from '../config.ts'
import type { Right } from '../rights.ts'

/** SQS may tell a quarter of an hour late of a queue that nobody has used for long. */
const LETTERS_SEEN = { evaluationPeriods: 6, datapointsToAlarm: 1 }
/** In five minutes: one may be a function that AWS itself ended. */
const FEW_ERRORS = 3

/**
 * Where CloudFormation makes budgets, and these are in dollars: elsewhere it refuses the whole template. Of the commercial regions those are the
 * old ones (CloudFormation's own schemas by region, 2026-05; github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2177);
 * GovCloud has none of its own, China counts in yuan, and of the rest nothing is known.
 */
export const BUDGET_REGIONS: ReadonlySet<string> = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
  ...['eu-central-1', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2'],
])

/** Whom to tell, and of what: money, failures, machines that had to be ended by force. */
export class Watch extends Construct {
  readonly topic: Topic
  readonly deadLetters: Queue
  readonly #config: Config

  constructor(scope: Construct, config: Config) {
    super(scope, 'Watch')
    this.#config = config
    this.topic = this.#openTopic()
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    if (config.region === undefined || BUDGET_REGIONS.has(config.region)) this.#openBudget()
  }

  letTell(): Right {
    return { may: ['sns:Publish'], on: [this.topic.topicArn] }
  }

  alarmOn({
    stateMachineArn,
    functions,
  }: {
    stateMachineArn: string
    functions: Record<'step' | 'http' | 'janitor', IFunction & { logGroup: ILogGroup }>
  }) {
    const { name } = this.#config
    const executions = (metricName: string) =>
      new Metric({ namespace: 'AWS/States', metricName, dimensionsMap: { StateMachineArn: stateMachineArn }, statistic: 'Sum' })
    const failed = 'A session lost its lifecycle: remote cloud doctor'
    this.#alarm('ExecutionsFailed', executions('ExecutionsFailed'), failed)
    this.#alarm('ExecutionsAborted', executions('ExecutionsAborted'), failed)
    // Those that come, not those that lie there: a queue that nobody empties would be an alarm that is never raised again.
    const letters = this.deadLetters.metricNumberOfMessagesSent({ statistic: 'Sum' })
    const unhandled = 'Events of the control plane could not be handled: see the queue of dead letters'
    this.#alarm('DeadLettersThere', letters, unhandled, LETTERS_SEEN)
    // The state machine goes on asking whatever fails, so no execution tells of these.
    const errors = (of: IFunction) => of.metricErrors({ statistic: 'Sum', period: Duration.minutes(5) })
    const stuck = 'Sessions neither go on nor end, and their machines run on: see the log of the function step'
    this.#alarm('StepFails', errors(functions.step), stuck, { threshold: FEW_ERRORS })
    const unanswered = 'The API fails to answer people and machines: see the log of the function http'
    this.#alarm('HttpFails', errors(functions.http), unanswered, { threshold: FEW_ERRORS })
    const sweeps = new MetricFilter(this, 'Killed', {
      logGroup: functions.janitor.logGroup,
      filterPattern: FilterPattern.allTerms(JANITOR_MARK),
      metricNamespace: `remote/${name}`,
      metricName: 'JanitorKills',
    })
    this.#alarm(
      'JanitorKills',
      sweeps.metric({ statistic: 'Sum' }),
      'The janitor ended machines that nothing else had ended: remote cloud doctor --orphans',
    )
  }

  #alarm(
    id: string,
    metric: IMetric,
    alarmDescription: string,
    more: { threshold?: number; evaluationPeriods?: number; datapointsToAlarm?: number } = {},
  ) {
    const alarm = new Alarm(this, id, {
      metric,
      alarmDescription,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...more,
    })
    alarm.addAlarmAction(new SnsAction(this.topic))
  }

  #openTopic(): Topic {
    const { name, emails, webhooks } = this.#config
    // Without a key: alarms and budgets cannot publish to a topic under AWS's own, and another costs $1 a month.
    const topic = new Topic(this, 'Topic', { displayName: name, enforceSSL: true })
    // A topic with a policy of its own trusts only whom that names.
    for (const service of ['cloudwatch', 'budgets']) {
      const statement = new PolicyStatement({
        principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      })
      topic.addToResourcePolicy(statement)
    }
    for (const email of emails) topic.addSubscription(new EmailSubscription(email))
    for (const webhook of webhooks) topic.addSubscription(new UrlSubscription(webhook))
    return topic
  }

  /** AWS's own eye on the same amount: it works when nothing of ours does. Costs are known to it within a day. */
  #openBudget() {
    const { name, dailyBudgetUsd, budgetScope } = this.#config
    const alert = (threshold: number, notificationType: 'ACTUAL' | 'FORECASTED') => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'SNS', address: this.topic.topicArn }],
    })
    const budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `${name}-${Stack.of(this).region}`,
        budgetType: 'COST',
        timeUnit: 'DAILY',
        budgetLimit: { amount: dailyBudgetUsd, unit: 'USD' },
        ...(budgetScope === 'tag' && { costFilters: { TagKeyValue: [`user:remote:stack$${name}`] } }),
      },
      notificationsWithSubscribers: [alert(100, 'ACTUAL')],
    })
    // SNS must know whom to let publish before the budget tries.
    budget.node.addDependency(this.topic)
  }
}
