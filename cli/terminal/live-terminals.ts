import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'

const PAGE = '500'

export const isTerminal = ({ request }: Session): boolean => request.agent === 'terminal'
const isStaying = ({ state, stop, ending }: Session) => state !== 'ended' && !stop && !ending

/** Terminal sessions of one side that are there or about to be, newest first. */
export const liveTerminals = async (connection: Connection): Promise<Session[]> => {
  const found: Session[] = []
  let cursor: string | undefined
  do {
    const page = await connection.get('/v1/sessions', { query: { limit: PAGE, all: '0', cursor } })
    found.push(...page.sessions.filter((session) => isTerminal(session) && isStaying(session)))
    cursor = page.next
  } while (cursor !== undefined)
  return found.sort((a, b) => b.createdAt.localeCompare(a.createdAt))
}
