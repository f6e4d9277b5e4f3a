import { describe, expect, it } from 'vitest'
import { openDynamoAuditLog } from '../../../lambdas/aws/dynamo-audit-log.ts'
import { openTable } from '../../../lambdas/aws/dynamo-table.ts'
import { useAws } from '../../support/aws-world.ts'

const aws = useAws()
const DAY_MS = 86_400_000
const NOW = Date.parse('2026-03-01T00:00:00.500Z')
const entry = (at: string) => ({ id: `${at}#s-0000000001`, at, by: 'ada', what: 'secret set', on: 'secret TOKEN' })

describe('the audit log in DynamoDB', () => {
  it('expires with the logs, and what the table has not removed yet is not shown', async () => {
    let now = NOW
    const world = { ...(await aws.fresh()), now: () => now, keptDays: 2 }
    const log = openDynamoAuditLog(world)
    await log.add(entry(new Date(NOW).toISOString()))
    const [item] = await openTable(world).query({ where: '#pk = :pk', values: { pk: { S: 'audit#2026-03#1' } } })
    expect(item?.['expires']).toEqual({ N: String(Math.floor((NOW + 2 * DAY_MS) / 1000)) })
    now += 2 * DAY_MS
    expect((await log.list({ since: '', limit: 10 })).entries).toHaveLength(1)
    now += 1
    expect((await log.list({ since: '', limit: 10 })).entries).toEqual([])
  })

  it('is one list across months and years', async () => {
    const log = openDynamoAuditLog({ ...(await aws.fresh()), now: () => NOW, keptDays: 400 })
    const times = ['2025-11-30T23:59:59.999Z', '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2026-02-28T12:00:00.000Z']
    for (const at of times) await log.add(entry(at))
    const first = await log.list({ since: '', limit: 3 })
    const rest = await log.list({ since: '', limit: 3, cursor: first.next })
    expect([...first.entries, ...rest.entries].map(({ at }) => at)).toEqual(times.toReversed())
    expect((await log.list({ since: '2025-12-31T23:59:59.999Z', limit: 9 })).entries).toHaveLength(3)
  })
})
