import type { InboxItem, InboxMessage } from '../contract/inbox.ts'

/** As it is kept: without the session's secrets. `original` names what was typed, among what is kept for the session alone. */
export type StoredMessage = InboxMessage & { original?: string }
export type StoredItem = Omit<InboxItem, 'message'> & { message: StoredMessage }

export interface InboxStore {
  /** Numbered from 1 without holes, per session. Not idempotent: the caller sends a message once. */
  append(session: string, message: StoredMessage, by: string): Promise<StoredItem>
  /** Items with n > after, in order. */
  after(session: string, after: number): Promise<StoredItem[]>
}
