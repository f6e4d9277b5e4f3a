import { RemoteError } from '../contract/remote-error.ts'
import type { Ports } from '../ports/ports.ts'
import { sessionOf } from './session-of.ts'

/** Bytes of whole records from seq `first` on. */
export const readSegment =
  (ports: Pick<Ports, 'sessions' | 'segments'>) =>
  async (prefix: string, attempt: number, first: number): Promise<ReadableStream<Uint8Array>> => {
    const session = await sessionOf(ports)(prefix)
    if (!session.attempts.some(({ number }) => number === attempt)) {
      throw new RemoteError('not_found', `session ${session.id} has no attempt ${attempt}`, {
        hint: `its attempts: 1 to ${session.attempts.length}`,
      })
    }
    return ports.segments.read(session.id, attempt, first)
  }
