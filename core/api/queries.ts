import * as z from 'zod'
import { ARCHITECTURES } from '../contract/architectures.ts'
import { SPEND_BY } from '../contract/spend-by.ts'
import { AUDIT_DAYS, DEFAULT_LIMIT, MAX_LIMIT, SPEND_DAYS } from './wanted.ts'

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

export const BundleQuery = z.object({ arch: z.enum(ARCHITECTURES) })

export const SpendQuery = z.object({
  by: z.enum(SPEND_BY).optional(),
  since: z
    .string()
    .regex(/^[0-9]{1,9}$/)
    .optional()
    .describe(`whole UTC days that this many seconds reach back to; by default ${SPEND_DAYS} days`),
})

export const AuditQuery = z.object({
  since: z
    .string()
    .regex(/^[0-9]{1,9}$/)
    .optional()
    .describe(`what is at most so many seconds old; by default ${AUDIT_DAYS} days`),
  limit: ListQuery.shape.limit,
  cursor: ListQuery.shape.cursor,
})
