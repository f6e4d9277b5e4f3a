import type { Session } from '../contract/session.ts'

/** The live path. Everything here may be lost without harm; what it answers with is awaited, because a function may be frozen after its call. */
export interface Doorbell {
  /** Tells the session's runner to beat now: there is something in the inbox, or a stop. */
  ring(session: string): void | Promise<void>
  /** Is somebody attached? */
  watched(session: string): boolean | Promise<boolean>
  /** Shows the viewers a changed record. */
  changed(session: Session): void | Promise<void>
}
