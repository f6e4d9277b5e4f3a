import type { Ports } from '../ports/ports.ts'
import { sessionOf } from './session-of.ts'

export const getTimeline = (ports: Pick<Ports, 'sessions'>) => async (prefix: string) =>
  ports.sessions.timeline((await sessionOf(ports)(prefix)).id)
