import type { Explanation } from '../contract/session.ts'
import { explanation } from '../domain/explanation.ts'
import type { Ports } from '../ports/ports.ts'
import { sessionOf } from './session-of.ts'

/** Why a session is (not) running, waiting or stopping, and what can be done about it. */
export const explain =
  (ports: Pick<Ports, 'sessions' | 'clock'>) =>
  async (prefix: string): Promise<Explanation> =>
    explanation(await sessionOf(ports)(prefix), ports.clock.now())
