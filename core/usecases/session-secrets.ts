import type { Session } from '../contract/session.ts'
import { redactText } from '../domain/redaction.ts'
import type { Ports } from '../ports/ports.ts'

/** Beside the values: the request as it was typed, when it holds secrets. No variable can have this name. */
const REQUEST = ':request'

export type SessionSecrets = { values: Record<string, string>; request: Session['request'] }

/** What is kept for one session alone, until it is released: its secret values and, if its record hides some of it, its request. */
export const keepSecrets =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async (session: Session, { values, request }: SessionSecrets, isHidden: boolean): Promise<void> => {
    const kept = isHidden ? { ...values, [REQUEST]: JSON.stringify(request) } : values
    if (Object.keys(kept).length > 0) await secrets.keep(session.id, kept)
  }

export const keptSecrets =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async (session: Session): Promise<SessionSecrets> => {
    const { [REQUEST]: request, ...kept } = await secrets.kept(session.id)
    // What else is kept beside the values (session-messages.ts) is no variable either.
    const values = Object.fromEntries(Object.entries(kept).filter(([name]) => !name.startsWith(':')))
    return { values, request: request === undefined ? session.request : (JSON.parse(request) as Session['request']) }
  }

/** Hides the session's secrets in a text that a machine or a person sent. */
export const hideSecrets =
  (ports: Pick<Ports, 'secrets'>) =>
  async (session: Session, text: string): Promise<string> => {
    const { values } = await keptSecrets(ports)(session)
    return redactText(Object.values(values), text)
  }
