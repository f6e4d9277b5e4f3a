import { describe, expect, it } from 'vitest'
import { spendSummary } from '../../../core/domain/day-spend.ts'
import { NO_COST } from '../../../core/domain/money.ts'
import type { Spending } from '../../../core/domain/spend-rows.ts'
import { sessionId } from '../../support/samples.ts'

const DAY = '2026-11-20'
const spending = (n: number, agentUsd: number, more: Partial<Spending> = {}): Spending => ({
  day: DAY,
  session: sessionId(n),
  title: `task ${n}`,
  runtime: 'cloud',
  by: 'ada',
  cost: { ...NO_COST, agentUsd, computeUsd: 0.5, totalUsd: agentUsd + 0.5 },
  running: false,
  ...more,
})
const budget = { dailyUsd: 10, day: '2026-11-21', spentUsd: 0.4, leftUsd: 9.6, resetsAt: '2026-11-22T00:00:00.000Z' }

describe('the daily summary', () => {
  it('names each session with what it cost, the total, what it went to, and what is left today', () => {
    const { subject, message } = spendSummary(DAY, [spending(1, 1), spending(2, 2, { running: true })], budget)
    expect(subject).toBe('remote: $4.00 on 2026-11-20, 2 sessions')
    expect(message.split('\n')).toEqual([
      '2 sessions cost $4.00 on 2026-11-20 (UTC).',
      '1 still runs; ~ is an estimate so far.',
      '',
      `    ~$2.50  ${sessionId(2)}  task 2`,
      `     $1.50  ${sessionId(1)}  task 1`,
      '',
      'It went to machines $1.00, agents $3.00.',
      '',
      'Today so far: $0.40 of $10.00, $9.60 left until 00:00 UTC. Change it: remote budget set --daily N',
      'All of it: remote spend --by day --since 30d',
    ])
  })

  it('sums up the cheapest of many, and fits a subject of SNS', () => {
    const many = Array.from({ length: 30 }, (_, n) => spending(n, n, { title: 'a long\ntask '.repeat(30) }))
    const { subject, message } = spendSummary(DAY, many, budget)
    expect(message).toContain('    $50.00  10 more')
    expect(subject.length).toBeLessThan(100)
    expect(subject).toMatch(/^[\x20-\x7e]+$/)
    for (const line of message.split('\n')) expect(line.length).toBeLessThan(120)
  })

  it('names the disks of workspaces beside sessions, or alone, and says what it is told to add', () => {
    const disk = (workspace: string): Spending => {
      const { session: _, ...rest } = spending(1, 0, { workspace, cost: { ...NO_COST, volumeUsd: 0.25, totalUsd: 0.25 } })
      return { ...rest, disk: `${workspace}@x`, title: `disk of ${workspace}` }
    }
    const beside = spendSummary(DAY, [spending(1, 1), disk('beta'), disk('alpha')], budget, ['prices are old'])
    expect(beside.subject).toBe('remote: $2.00 on 2026-11-20, 1 session')
    expect(beside.message).toContain('1 session and disks of workspaces cost $2.00 on 2026-11-20 (UTC).')
    expect(beside.message).toContain('     $0.50  disks of workspaces alpha, beta\n')
    expect(beside.message).toMatch(/\nprices are old$/)
    const alone = spendSummary(DAY, [disk('alpha')], budget)
    expect(alone.message).toMatch(
      /^Disks of workspaces cost \$0\.25 on 2026-11-20 \(UTC\)\.\n\n +\$0\.25 {2}disk of workspace alpha\n/,
    )
  })

  it('says when nothing was spent, and that there is no budget', () => {
    const { message } = spendSummary(DAY, [], { ...budget, dailyUsd: null, leftUsd: null })
    expect(message).toMatch(/^Nothing was spent on 2026-11-20 \(UTC\)\.\n/)
    expect(message).toContain('there is no daily budget')
  })
})
