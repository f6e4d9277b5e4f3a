import type { Usage } from '../contract/outcome.ts'
import type { Attempt, Cost, Session } from '../contract/session.ts'
import { HOURS_PER_MONTH, USD_PER_ADDRESS_HOUR, USD_PER_GB_MONTH, USD_PER_LIFECYCLE, USD_PER_RUNNING_HOUR } from './catalogue.ts'
import { BUILT_IN_PRICES } from './prices.ts'

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }
export const NO_COST: Cost = { computeUsd: 0, volumeUsd: 0, addressUsd: 0, controlPlaneUsd: 0, agentUsd: 0, totalUsd: 0 }

const GB = 1024 ** 3

/** EBS bills whole gigabytes, in use or not. */
export const wholeGb = (bytes: number): number => Math.ceil(bytes / GB)

/** EC2 bills by the second, a minute at least. */
const MIN_BILLED_SECONDS = 60

/** Reports count from the session's start, so the larger one is the later one, however often and in which order they come. */
export const moreUsage = (known: Usage, reported: Usage | undefined): Usage =>
  reported
    ? {
        inputTokens: Math.max(known.inputTokens, reported.inputTokens),
        outputTokens: Math.max(known.outputTokens, reported.outputTokens),
        costUsd: Math.max(known.costUsd, reported.costUsd),
      }
    : known

const until = ({ endedAt }: Attempt, now: number) => (endedAt ? Math.min(Date.parse(endedAt), now) : now)

/**
 * Hours of a machine that an attempt pays for. A shared one is paid for by one session at a time, the one that has been on it longest:
 * what they pay adds up to what it cost. Its first minute is paid for by whoever bought it.
 */
const paidHours = ({ request }: Session, attempt: Attempt, launchedAt: number, now: number): number => {
  const { inherited, purchase } = attempt
  if (request.with !== undefined && !purchase) return 0
  const end = until(attempt, now)
  if (!inherited) return Math.max(MIN_BILLED_SECONDS, (end - launchedAt) / 1000) / 3600
  const from = Math.max(Date.parse(inherited.at), Date.parse(inherited.launchedAt) + MIN_BILLED_SECONDS * 1000)
  return Math.max(0, end - from) / 3_600_000
}

/**
 * What an attempt's machine cost, at the prices of its launch; before it is known what was bought, what the request asks for. The disk of
 * its workspace is none of it: that one costs the same when no session runs (disk-account.ts).
 */
const machineCost = (session: Session, attempt: Attempt, now: number) => {
  if (!attempt.launchedAt || Date.parse(attempt.launchedAt) > now)
    return { computeUsd: 0, volumeUsd: 0, addressUsd: 0, runHours: 0 }
  const { instance = '', spot } = session.request
  const hours = paidHours(session, attempt, Date.parse(attempt.launchedAt), now)
  const runHours = Math.max(MIN_BILLED_SECONDS, (until(attempt, now) - Date.parse(attempt.launchedAt)) / 1000) / 3600
  const {
    usdPerHour,
    diskGb,
    usdPerGbMonth = USD_PER_GB_MONTH,
    usdPerAddressHour = USD_PER_ADDRESS_HOUR,
  } = attempt.purchase ?? { usdPerHour: BUILT_IN_PRICES.ofMachine({ instance, spot }), diskGb: 0 }
  return {
    computeUsd: hours * usdPerHour,
    volumeUsd: (hours * diskGb * usdPerGbMonth) / HOURS_PER_MONTH,
    addressUsd: hours * usdPerAddressHour,
    runHours,
  }
}

/** The estimate at `now`; the receipt once every attempt has ended. The user's own machines cost nothing by the hour. */
export const costOf = (session: Session, now: number): Cost => {
  const agentUsd = session.usage.costUsd
  if (!session.request.runtime.startsWith('cloud')) return { ...NO_COST, agentUsd, totalUsd: agentUsd }
  const machines = session.attempts.map((attempt) => machineCost(session, attempt, now))
  const sum = (key: keyof ReturnType<typeof machineCost>) => machines.reduce((total, machine) => total + machine[key], 0)
  const cost = {
    computeUsd: sum('computeUsd'),
    volumeUsd: sum('volumeUsd'),
    addressUsd: sum('addressUsd'),
    controlPlaneUsd: USD_PER_LIFECYCLE + sum('runHours') * USD_PER_RUNNING_HOUR,
    agentUsd,
  }
  return { ...cost, totalUsd: Object.values(cost).reduce((total, usd) => total + usd, 0) }
}
