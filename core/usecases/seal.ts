import type { Seal } from '../contract/runner.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseFenced } from './fenced.ts'
import { storedSession } from './stored-session.ts'

/** A segment is durable. */
export const seal =
  (ports: Pick<Ports, 'sessions' | 'segments'>) =>
  async (id: string, attempt: number, sealed: Seal): Promise<void> => {
    refuseFenced(await storedSession(ports)(id), attempt)
    await ports.segments.seal(id, attempt, sealed)
  }
