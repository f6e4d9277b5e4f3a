import type { Clock } from '../../core/ports/clock.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import type { SecretsManagerSecretStore } from './secrets-manager-secret-store.ts'

export type KeptSecrets = {
  secrets: Pick<SecretsManagerSecretStore, 'keptSince' | 'forget'>
  sessions: Pick<SessionStore, 'get'>
  clock: Clock
}

/** A dispatch keeps its values before it has a record. */
const YOUNG_MS = 3_600_000

/** Forgets what is kept for sessions that ended, or whose record a crash prevented. Answers which. May be repeated. */
export const sweepKeptSecrets =
  ({ secrets, sessions, clock }: KeptSecrets) =>
  async (): Promise<string[]> => {
    const forgotten: string[] = []
    for (const { session, at } of await secrets.keptSince()) {
      if (clock.now() - at < YOUNG_MS) continue
      const record = await sessions.get(session)
      if (record && record.state !== 'ended') continue
      await secrets.forget(session)
      forgotten.push(session)
    }
    return forgotten
  }
