import type { Session } from '../../core/contract/session.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'

/** Sessions that are under way, or ended after `time`. */
export const sessionsSince = async (sessions: Pick<SessionStore, 'list'>, time: number): Promise<Session[]> => {
  const found: Session[] = []
  let cursor: string | undefined
  do {
    const page = await sessions.list({ active: false, limit: 200, cursor })
    found.push(...page.sessions.filter(({ state, endedAt }) => state !== 'ended' || !endedAt || Date.parse(endedAt) > time))
    cursor = page.next
  } while (cursor !== undefined)
  return found
}
