import type { Session } from '../contract/session.ts'
import { NO_COST, NO_USAGE } from './money.ts'
import { retriesOf } from './session-ends.ts'
import { titleOf } from './session-title.ts'

/** A session nothing has happened to. `request` is redacted already. */
export const newSession = (id: string, request: Session['request'], by: string, now: number): Session => {
  const at = new Date(now).toISOString()
  return {
    id,
    title: titleOf(request.task),
    request,
    by,
    createdAt: at,
    state: 'queued',
    stateSince: at,
    version: 1,
    attempts: [],
    retriesLeft: retriesOf(request),
    inboxLast: 0,
    inboxHandled: 0,
    usage: NO_USAGE,
    cost: NO_COST,
  }
}
