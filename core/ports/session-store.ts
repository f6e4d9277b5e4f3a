import type { Session, TimelineEntry } from '../contract/session.ts'
import type { Spent } from '../domain/spent.ts'

/** A timeline entry before the store numbers and chains it. */
export type TimelineNote = Pick<TimelineEntry, 'by' | 'what' | 'detail'>

/** What people did to a session goes into the audit log with its notes, all or nothing. */
export interface SessionStore {
  /**
   * All or nothing. `existing` when the key was used for the same body before: the session it made then.
   * `conflict` when the key was used for another body. May be repeated.
   */
  insert(
    session: Session,
    key: { value: string; bodyHash: string } | undefined,
    note: TimelineNote,
  ): Promise<{ done: 'inserted' | 'existing'; session: Session } | { done: 'conflict' }>
  get(id: string): Promise<Session | undefined>
  /** The session that key made, and for which body; undefined when the key is new. */
  withKey(key: string): Promise<{ session: Session; bodyHash: string } | undefined>
  /** Ids that start with the prefix (`s-7k`), at most `limit`, newest first. */
  startingWith(prefix: string, limit: number): Promise<string[]>
  /** Newest first. `active` leaves ended ones out. `cursor` is `next` of the page before. */
  list(want: { active: boolean; limit: number; cursor?: string | undefined }): Promise<{ sessions: Session[]; next?: string }>
  /**
   * Writes `next` only if the stored version is `next.version - 1`; false otherwise: read again and decide again. `spent` goes to the
   * ledger with it, all or nothing, so that it is counted once.
   */
  save(next: Session, notes: TimelineNote[], spent?: Spent): Promise<boolean>
  /** Oldest first. `intact` is false when the hash chain does not hold. */
  timeline(id: string): Promise<{ entries: TimelineEntry[]; intact: boolean }>
}
