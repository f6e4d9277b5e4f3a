import type { Audit, AuditEntry } from '../contract/audit.ts'

/**
 * Who did what. Entries are added and expire; none is changed, but for its end, which is written once. What people do to sessions and to the
 * budget is added by the stores of those, together with the change.
 */
export interface AuditLog {
  /** It is there when this resolves. The same entry again is none. */
  add(entry: AuditEntry): Promise<void>
  /** How it ended. Ended already, or gone: nothing changes. */
  end(id: string, ended: NonNullable<AuditEntry['ended']>): Promise<void>
  /** Newest first, from the time `since` on. `cursor` is `next` of the page before. */
  list(want: { since: string; limit: number; cursor?: string | undefined }): Promise<Audit>
}
