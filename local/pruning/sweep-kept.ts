import type { SecretStore } from '../../core/ports/secret-store.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { entriesOf } from './entries-of.ts'

/**
 * Forgets values kept for sessions that ended, or whose record a crash prevented. `before`: of those changed earlier than this; a
 * dispatch that is being taken has kept its values, and no record yet.
 */
export const sweepKept = async (
  dir: string,
  secrets: Pick<SecretStore, 'forget'>,
  sessions: Pick<SessionStore, 'get'>,
  before: number,
): Promise<void> => {
  for (const { name, changedAt } of await entriesOf(dir)) {
    const id = /^(s-\w+)\.json$/.exec(name)?.[1]
    if (id === undefined || changedAt >= before) continue
    const session = await sessions.get(id)
    if (!session || session.state === 'ended') await secrets.forget(id)
  }
}
