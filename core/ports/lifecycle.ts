/** Drives sessions through the plan. Everything that matters is in the record: losing a wake loses time, never a session. */
export interface Lifecycle {
  /** The session's record exists: take it from there. May be repeated. */
  begin(session: string): Promise<void>
  /** The record changed (a fact was applied): look at it again. May be repeated. */
  wake(session: string): Promise<void>
}
