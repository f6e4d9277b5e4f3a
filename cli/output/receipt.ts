import { isCommand } from '../../core/contract/is-command.ts'
import type { Session } from '../../core/contract/session.ts'
import { shownDuration } from '../values/duration.ts'
import { exactMoney, shownMoney } from '../values/money.ts'
import { oneLine } from './printable.ts'
import type { Style } from './style.ts'

const WORDS = {
  succeeded: 'succeeded',
  failed: 'failed',
  terminated: 'terminated',
  expired: 'expired',
  over_budget: 'over budget',
  lost: 'lost',
  refused: 'refused',
} as const

/** The branch that is in the repository now, and what takes it over. */
export type Pulled = { branch: string; take: string }

const branchLines = ({ id, result }: Session, pulled: Pulled | undefined, { bold, green, red }: Style): string[] => {
  if (!result || (result.files === 0 && result.bundle === undefined)) return []
  const size = `${result.files} ${result.files === 1 ? 'file' : 'files'}, ${green(`+${result.insertions}`)} ${red(`−${result.deletions}`)}`
  const next = pulled
    ? `see it: remote diff ${id}   take it: ${pulled.take}`
    : `bring it home: remote pull ${id}   see it: remote diff ${id}`
  return [`branch ${bold(pulled?.branch ?? oneLine(result.branch))}: ${size}`, next]
}

/** The last machine that was bought for it, at which price, and of when and where that is. */
const machineFacts = ({ attempts }: Session): string[] => {
  const purchase = attempts.findLast((attempt) => attempt.purchase !== undefined)?.purchase
  if (!purchase) return []
  const { instance, spot, usdPerHour, priced } = purchase
  const source = priced === undefined ? '' : ` (${priced.from}, ${priced.asOf})`
  return [`${instance}${spot ? ' spot' : ''} at $${exactMoney(usdPerHour)} an hour${source}`]
}

/** What a session came to: outcome, reason, time, cost and where the result is. */
export const receiptText = (session: Session, style: Style, pulled?: Pulled): string => {
  const { id, outcome, createdAt, endedAt, cost, usage, attempts, request } = session
  if (!outcome) return ''
  const good = outcome.outcome === 'succeeded'
  const took = shownDuration(Date.parse(endedAt ?? createdAt) - Date.parse(createdAt))
  const tokens = usage.inputTokens + usage.outputTokens
  const facts = [
    took,
    shownMoney(cost.totalUsd),
    ...machineFacts(session),
    ...(tokens > 0 ? [`${usage.inputTokens} tokens in, ${usage.outputTokens} out`] : []),
    ...(attempts.length > 1 ? [`${attempts.length} attempts`] : []),
  ]
  const mark = good ? style.green('✓') : style.red('✗')
  const head = `${mark} ${style.bold(id)} ${WORDS[outcome.outcome]}${outcome.reason && !good ? `: ${oneLine(outcome.reason).replace(/\.$/, '')}` : ''}`
  const again = !good && !isCommand(request.agent) ? [`go on: remote resume ${id} "…"`] : []
  return [
    `${head} ${style.dim(`· ${facts.join(' · ')}`)}`,
    ...branchLines(session, pulled, style).map((line) => `  ${line}`),
    ...again.map((line) => `  ${line}`),
  ].join('\n')
}
