import type { z } from 'zod'
import type { Position } from '../contract/ids.ts'
import type { AuditQuery, ListQuery, LogQuery, SpendQuery } from './queries.ts'

// What queries mean, apart from their schemas.

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 500
export const SPEND_DAYS = 30
export const AUDIT_DAYS = 7

const limitOf = (limit: string | undefined) => Math.min(MAX_LIMIT, Math.max(1, Number(limit ?? DEFAULT_LIMIT)))

export const spendWanted = ({ by = 'session', since }: z.output<typeof SpendQuery>) => ({
  by,
  sinceSeconds: since === undefined ? SPEND_DAYS * 86_400 : Number(since),
})

export const auditWanted = ({ since, limit, cursor }: z.output<typeof AuditQuery>) => ({
  sinceSeconds: since === undefined ? AUDIT_DAYS * 86_400 : Number(since),
  limit: limitOf(limit),
  cursor,
})

export const listWanted = ({ all, limit, cursor }: z.output<typeof ListQuery>) => ({
  all: all === '1' || all === 'true',
  limit: limitOf(limit),
  cursor,
})

export const positionWanted = ({ from = '1.0' }: z.output<typeof LogQuery>): Position => {
  const [attempt, seq] = from.split('.').map(Number)
  return { attempt: attempt ?? 1, seq: seq ?? 0 }
}
