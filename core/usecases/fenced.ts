import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'

/** For a machine that is no longer the session's: it must stop, and nothing it says counts any more. */
export const fenced = (session: string, attempt: number) =>
  new RemoteError('fenced', `attempt ${attempt} of ${session} is over`, {
    hint: 'stop: this machine no longer works for the session',
  })

/** Throws unless `attempt` is the session's current one and not over. */
export const refuseFenced = (session: Session, attempt: number): void => {
  const current = session.attempts.at(-1)
  if (attempt > (current?.number ?? 0)) {
    throw new RemoteError('not_recorded_yet', `attempt ${attempt} of ${session.id} is not recorded yet`, {
      hint: 'call again in a moment',
    })
  }
  if (current?.number !== attempt || current.endedAt !== undefined) throw fenced(session.id, attempt)
}
