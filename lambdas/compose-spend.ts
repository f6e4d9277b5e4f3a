import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import type { Session } from '../core/contract/session.ts'
import { spendSummary } from '../core/domain/day-spend.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

const PAGE = 100
/** The longest that a session can have run: its ttl is at most 30 days. */
const LONGEST_MS = 31 * 86_400_000

/** The daily summary's function. */
export const composeSpend = (env: NodeJS.ProcessEnv) => {
  const { sessions, clock } = compose(env, NO_MACHINERY).ports
  const { TOPIC_ARN } = readEnvironment(env, ['TOPIC_ARN'])
  const sns = new SNSClient({})

  const recent = async (since: number): Promise<Session[]> => {
    const found: Session[] = []
    let cursor: string | undefined
    do {
      const page = await sessions.list({ active: false, limit: PAGE, cursor })
      found.push(...page.sessions)
      const oldest = page.sessions.at(-1)
      cursor = oldest && Date.parse(oldest.createdAt) >= since ? page.next : undefined
    } while (cursor !== undefined)
    return found
  }

  return async () => {
    const now = clock.now()
    const { subject, message } = spendSummary(await recent(now - LONGEST_MS), now)
    await sns.send(new PublishCommand({ TopicArn: TOPIC_ARN, Subject: subject, Message: message }))
    return { subject }
  }
}
