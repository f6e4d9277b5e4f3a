import * as z from 'zod'

/** What somebody did, or tried to: who, what, to what, when, and how it ended. */
export const AuditEntry = z.object({
  /** Begins with the time: entries are in the order of their ids. */
  id: z.string(),
  at: z.string(),
  by: z.string(),
  what: z.string(),
  /** `session s-…`, `workspace NAME`, `secret NAME`, `budget`, … */
  on: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
  /** `done`, or the code of what refused it. Absent while it is under way, and for good when nobody was left to say how it ended. */
  ended: z.object({ at: z.string(), code: z.string() }).optional(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

/** Newest first. */
export const Audit = z.object({ entries: z.array(AuditEntry), next: z.string().optional() })
export type Audit = z.infer<typeof Audit>
