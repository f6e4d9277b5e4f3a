import type { Session } from '../contract/session.ts'

const DAY_MS = 86_400_000

/** Sessions that ran at any time between `from` and `to`, dearest first, and what they cost in all so far (US dollars). */
export const spentOn = (sessions: readonly Session[], from: number, to: number) => {
  const ran = ({ createdAt, endedAt }: Session) =>
    Date.parse(createdAt) < to && (endedAt === undefined || Date.parse(endedAt) >= from)
  const dearest = sessions.filter(ran).toSorted((a, b) => b.cost.totalUsd - a.cost.totalUsd)
  return { sessions: dearest, totalUsd: dearest.reduce((sum, { cost }) => sum + cost.totalUsd, 0) }
}

/** The daily summary, for a message: a total, and the dearest sessions. */
export const spendSummary = (sessions: readonly Session[], now: number, shown = 10): { subject: string; message: string } => {
  const { sessions: dearest, totalUsd } = spentOn(sessions, now - DAY_MS, now)
  const usd = (amount: number) => `$${amount.toFixed(2)}`
  const lines = dearest
    .slice(0, shown)
    .map(({ id, cost, title }) => `${usd(cost.totalUsd).padStart(8)}  ${id}  ${title.slice(0, 60)}`)
  const more = dearest.length > shown ? [`and ${dearest.length - shown} more`] : []
  return {
    subject: `remote: ${usd(totalUsd)} in the last 24 hours`,
    message: [
      `${dearest.length} sessions ran in the last 24 hours; they cost ${usd(totalUsd)} so far.`,
      '',
      ...lines,
      ...more,
    ].join('\n'),
  }
}
