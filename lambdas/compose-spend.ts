import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { dayOf } from '../core/domain/daily-cost.ts'
import { spendSummary } from '../core/domain/day-spend.ts'
import { getBudget } from '../core/usecases/budget.ts'
import { spendings } from '../core/usecases/get-spend.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

const DAY_MS = 86_400_000

/** The daily summary's function: of the day that is over. */
export const composeSpend = (env: NodeJS.ProcessEnv) => {
  const { ports } = compose(env, NO_MACHINERY)
  const { TOPIC_ARN, DAILY_BUDGET_USD } = readEnvironment(env, ['TOPIC_ARN', 'DAILY_BUDGET_USD'])
  const sns = new SNSClient({})
  const read = spendings(ports)
  const budget = getBudget(ports, { dailyBudgetUsd: DAILY_BUDGET_USD })

  return async () => {
    const yesterday = dayOf(ports.clock.now() - DAY_MS)
    const { subject, message } = spendSummary(yesterday, await read(yesterday, yesterday), await budget())
    await sns.send(new PublishCommand({ TopicArn: TOPIC_ARN, Subject: subject, Message: message }))
    return { subject }
  }
}
