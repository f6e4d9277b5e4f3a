import * as z from 'zod'
import type { Position } from '../contract/ids.ts'
import { Architecture } from '../contract/runner.ts'
import { SPEND_BY } from '../contract/spend-by.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 500

export const ListQuery = z.object({
  all: z.enum(['0', '1', 'false', 'true']).optional().describe('ended ones too'),
  limit: z
    .string()
    .regex(/^[0-9]{1,4}$/)
    .optional()
    .describe(`at most ${MAX_LIMIT}, by default ${DEFAULT_LIMIT}`),
  cursor: z.string().max(256).optional().describe('`next` of the page before'),
})
export const LogQuery = z.object({
  from: z
    .string()
    .regex(/^[1-9][0-9]{0,8}\.[0-9]{1,12}$/, { error: 'a position is ATTEMPT.SEQ' })
    .optional()
    .describe('first position wanted, as attempt.seq'),
})
export const InboxQuery = z.object({
  after: z
    .string()
    .regex(/^[0-9]{1,9}$/)
    .optional(),
})

export const BundleQuery = z.object({ arch: Architecture })

const SPEND_DAYS = 30

export const SpendQuery = z.object({
  by: z.enum(SPEND_BY).optional(),
  since: z
    .string()
    .regex(/^[0-9]{1,9}$/)
    .optional()
    .describe(`whole UTC days that this many seconds reach back to; by default ${SPEND_DAYS} days`),
})

export const spendWanted = ({ by = 'session', since }: z.output<typeof SpendQuery>) => ({
  by,
  sinceSeconds: since === undefined ? SPEND_DAYS * 86_400 : Number(since),
})

const AUDIT_DAYS = 7

export const AuditQuery = z.object({
  since: z
    .string()
    .regex(/^[0-9]{1,9}$/)
    .optional()
    .describe(`what is at most so many seconds old; by default ${AUDIT_DAYS} days`),
  limit: ListQuery.shape.limit,
  cursor: ListQuery.shape.cursor,
})

const limitOf = (limit: string | undefined) => Math.min(MAX_LIMIT, Math.max(1, Number(limit ?? DEFAULT_LIMIT)))

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
