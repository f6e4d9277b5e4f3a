import type { Renewed } from '../contract/runner.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseFenced } from './fenced.ts'
import { keptSecrets } from './session-secrets.ts'
import type { Settings } from './settings.ts'
import { storedSession } from './stored-session.ts'

/** The session's secrets as they are now, or a fresh grant to read them with. */
export const renew =
  (ports: Pick<Ports, 'sessions' | 'secrets'>, settings: Pick<Settings, 'grant'>) =>
  async (id: string, attempt: number): Promise<Renewed> => {
    const session = await storedSession(ports)(id)
    refuseFenced(session, attempt)
    const grant = await settings.grant(session, attempt)
    return grant ? { secrets: {}, grant } : { secrets: (await keptSecrets(ports)(session)).values }
  }
