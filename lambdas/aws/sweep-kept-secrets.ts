import type { Clock } from '../../core/ports/clock.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { eachAlone } from './each-alone.ts'
import type { SecretsManagerSecretStore } from './secrets-manager-secret-store.ts'

export type KeptSecrets = {
  secrets: Pick<SecretsManagerSecretStore, 'keptSince' | 'forget'>
  sessions: Pick<SessionStore, 'get'>
  clock: Clock
}

/** A dispatch keeps its values before it has a record. */
const YOUNG_MS = 3_600_000

/** Forgets what is kept for sessions that ended, or whose record a crash prevented. Answers which; `failed` hears of the others. May be repeated. */
export const sweepKeptSecrets =
  ({ secrets, sessions, clock }: KeptSecrets) =>
  async (failed: string[]): Promise<string[]> => {
    const old = (await secrets.keptSince()).filter(({ at }) => clock.now() - at >= YOUNG_MS).map(({ session }) => session)
    const forgotten = await eachAlone(
      old,
      failed,
      (session) => session,
      async (session) => {
        const record = await sessions.get(session)
        if (record && record.state !== 'ended') return []
        await secrets.forget(session)
        return [session]
      },
    )
    return forgotten.flat()
  }
