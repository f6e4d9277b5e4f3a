import type { Budget } from '../contract/spend.ts'
import { sumOfCosts } from './daily-cost.ts'
import { type Spending, spendRows } from './spend-rows.ts'

const usd = (amount: number) => `$${amount > 0 && amount < 0.01 ? amount.toFixed(4) : amount.toFixed(2)}`

const KINDS = [
  ['machines', 'computeUsd'],
  ['disks', 'volumeUsd'],
  ['addresses', 'addressUsd'],
  ['calls', 'controlPlaneUsd'],
  ['agents', 'agentUsd'],
] as const

const leftToday = ({ dailyUsd, spentUsd, leftUsd }: Budget): string =>
  dailyUsd === null
    ? `Today so far: ${usd(spentUsd)}; there is no daily budget. Set one: remote budget set --daily 10`
    : `Today so far: ${usd(spentUsd)} of ${usd(dailyUsd)}, ${usd(leftUsd ?? 0)} left until 00:00 UTC. Change it: remote budget set --daily N`

const SHOWN = 20

/** The summary of one UTC day, for a message: the dearest sessions, what the money went to, and today's budget. `notes`: lines at its end. */
export const spendSummary = (
  day: string,
  entries: readonly Spending[],
  budget: Budget,
  notes: readonly string[] = [],
): { subject: string; message: string } => {
  const rows = spendRows(entries, 'session')
  const total = sumOfCosts(entries.map(({ cost }) => cost))
  const running = rows.filter((row) => row.running > 0).length
  const lines = rows.slice(0, SHOWN).map(({ key, title = '', cost, running: isRunning }) => {
    const amount = `${isRunning > 0 ? '~' : ''}${usd(cost.totalUsd)}`
    return `${amount.padStart(10)}  ${key === '' ? '' : `${key}  `}${title.replace(/\s+/g, ' ').slice(0, 60)}`
  })
  const rest = sumOfCosts(rows.slice(SHOWN).map(({ cost }) => cost)).totalUsd
  const count = rows.filter(({ key }) => key !== '').length
  const sessions = `${count} ${count === 1 ? 'session' : 'sessions'}`
  const whole = [...(count > 0 ? [sessions] : []), ...(count < rows.length ? ['disks of workspaces'] : [])].join(' and ')
  const went = KINDS.filter(([, key]) => total[key] > 0).map(([name, key]) => `${name} ${usd(total[key])}`)
  return {
    subject: `remote: ${usd(total.totalUsd)} on ${day}, ${sessions}`,
    message: [
      rows.length === 0
        ? `Nothing was spent on ${day} (UTC).`
        : `${whole[0]?.toUpperCase()}${whole.slice(1)} cost ${usd(total.totalUsd)} on ${day} (UTC).`,
      ...(running > 0 ? [`${running} still ${running === 1 ? 'runs' : 'run'}; ~ is an estimate so far.`] : []),
      ...(rows.length > 0 ? ['', ...lines] : []),
      ...(rows.length > SHOWN ? [`${usd(rest).padStart(10)}  ${rows.length - SHOWN} more`] : []),
      ...(went.length > 0 ? ['', `It went to ${went.join(', ')}.`] : []),
      '',
      leftToday(budget),
      'All of it: remote spend --by day --since 30d',
      ...notes,
    ].join('\n'),
  }
}
