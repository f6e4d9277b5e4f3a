import { SESSION_PREFIX } from '../contract/id-patterns.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import type { Ports } from '../ports/ports.ts'

const WHOLE_ID_CHARACTERS = 12
const SHOWN = 5

const unknown = (typed: string) =>
  new RemoteError('not_found', `there is no session ${typed.length > 40 ? `${typed.slice(0, 40)}…` : typed}`, {
    hint: 'list them: remote status --all',
  })

/** The session a person means by any unique prefix of its id, with or without `s-`. */
export const sessionOf =
  ({ sessions }: Pick<Ports, 'sessions'>) =>
  async (typed: string): Promise<Session> => {
    if (!SESSION_PREFIX.test(typed)) throw unknown(typed)
    const prefix = typed.startsWith('s-') ? typed : `s-${typed}`
    const found = prefix.length === WHOLE_ID_CHARACTERS ? [prefix] : await sessions.startingWith(prefix, SHOWN + 1)
    if (found.length > 1) {
      const more = found.length > SHOWN ? ', …' : ''
      throw new RemoteError('ambiguous', `${typed} could be ${found.slice(0, SHOWN).join(', ')}${more}`, {
        hint: 'type more of the id',
      })
    }
    const session = found[0] === undefined ? undefined : await sessions.get(found[0])
    if (!session) throw unknown(typed)
    return session
  }
