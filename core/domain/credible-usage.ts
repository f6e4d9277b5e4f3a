import { isCommand } from '../contract/is-command.ts'
import type { Usage } from '../contract/outcome.ts'
import type { Session } from '../contract/session.ts'

/**
 * More than any agent can spend: the dearest models cost about $0.50 a minute of output, and $2 for each reading of a million cached
 * tokens; a dozen of them working at once stay below it.
 */
const USD_PER_MINUTE = 10
/** A last turn that began within `--max-cost` may end beyond it by so much. */
const USD_BEYOND_MAX_COST = 2

/** Minutes for which its runners have been there, and one more: a first turn is reported when it is over. */
const minutes = ({ attempts }: Session, now: number): number =>
  attempts.reduce((sum, { greetedAt, endedAt }) => {
    if (greetedAt === undefined) return sum
    return sum + Math.max(0, (endedAt ? Date.parse(endedAt) : now) - Date.parse(greetedAt)) / 60_000
  }, 1)

/** What its agent can have cost by now, at the very most, US dollars. */
const mostUsd = (session: Session, now: number): number => {
  const { agent, maxCostUsd = Number.POSITIVE_INFINITY } = session.request
  if (isCommand(agent)) return 0
  return Math.min(USD_PER_MINUTE * minutes(session, now), maxCostUsd + USD_BEYOND_MAX_COST)
}

/** A machine's report, of which no more is counted than can be true. `overUsd`: what it says beyond that. */
export const credibleUsage = (session: Session, reported: Usage, now: number): { usage: Usage; overUsd: number } => {
  // What has been counted was credible when it was.
  const most = Math.max(session.usage.costUsd, mostUsd(session, now))
  if (reported.costUsd <= most) return { usage: reported, overUsd: 0 }
  return { usage: { ...reported, costUsd: most }, overUsd: reported.costUsd - most }
}
