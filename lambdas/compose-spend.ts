import { EC2Client } from '@aws-sdk/client-ec2'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import * as z from 'zod'
import { dayOf } from '../core/domain/daily-cost.ts'
import { spendSummary } from '../core/domain/day-spend.ts'
import { stalePrices } from '../core/domain/stale-prices.ts'
import { getBudget } from '../core/usecases/budget.ts'
import { spendings } from '../core/usecases/get-spend.ts'
import { refreshPrices } from '../core/usecases/refresh-prices.ts'
import { openDiskAccounts } from './aws/disk-accounts.ts'
import { eachAlone } from './aws/each-alone.ts'
import { openPriceList } from './aws/price-list.ts'
import { openSpotMarket } from './aws/spot-market.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

const DAY_MS = 86_400_000
/** What the hourly rule says; the daily one says nothing of ours. */
const Hourly = z.object({ ask: z.literal('hourly') })

/** The function of money: each hour prices and what disks cost, each day the summary of the one that is over. */
export const composeSpend = (env: NodeJS.ProcessEnv) => {
  const { ports, table } = compose(env, NO_MACHINERY)
  const { TOPIC_ARN, DAILY_BUDGET_USD, AWS_REGION } = readEnvironment(env, ['TOPIC_ARN', 'DAILY_BUDGET_USD', 'AWS_REGION'])
  const { prices, workspaces, clock } = ports
  const sns = new SNSClient({})
  const tell = async (Subject: string, Message: string) => {
    await sns.send(new PublishCommand({ TopicArn: TOPIC_ARN, Subject, Message }))
  }
  const market = { region: AWS_REGION, ...openPriceList(env, AWS_REGION), ...openSpotMarket(new EC2Client({}), clock) }
  const refresh = refreshPrices(ports, market)
  const accounts = openDiskAccounts({ ...table, prices, clock })
  const read = spendings(ports)
  const budget = getBudget(ports, { dailyBudgetUsd: DAILY_BUDGET_USD })

  const hourly = async () => {
    const { refused, failed } = await refresh()
    // Those that were read before stay, and the daily summary says when they are old.
    for (const why of failed) console.error('prices', why)
    if (refused.length > 0) {
      const message = `These prices were read from AWS and not believed; what was known before stays:\n\n${refused.join('\n')}`
      await tell(`remote: ${refused.length} unlikely ${refused.length === 1 ? 'price' : 'prices'} in ${AWS_REGION}`, message)
    }
    const unsettled: string[] = []
    const withDisks = (await workspaces.list()).filter(({ volume, disk }) => volume !== undefined || disk !== undefined)
    await eachAlone(
      withDisks,
      unsettled,
      ({ name }) => name,
      ({ name }) => accounts.settle(name),
    )
    // Last, so that it becomes a dead letter, and that an alarm. Nothing is lost: the next hour counts from where this one began.
    if (unsettled.length > 0) throw new Error(`what disks cost could not be counted: ${unsettled.join(', ')}`)
    return { refused: refused.length, failed: failed.length, disks: withDisks.length }
  }

  const daily = async () => {
    const yesterday = dayOf(clock.now() - DAY_MS)
    const stale = stalePrices(await prices.get(), clock.now())
    const entries = await read(yesterday, yesterday)
    const { subject, message } = spendSummary(yesterday, entries, await budget(), stale === undefined ? [] : [stale])
    await tell(subject, message)
    return { subject }
  }

  return async (event: unknown) => (Hourly.safeParse(event).success ? hourly() : daily())
}
