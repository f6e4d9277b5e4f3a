import type { Position } from '../contract/ids.ts'
import type { AttemptLog, Log } from '../contract/log.ts'
import type { Ports } from '../ports/ports.ts'
import { sessionOf } from './session-of.ts'

/** What is durable from a position on. `open` while more can come. */
export const getLog =
  (ports: Pick<Ports, 'sessions' | 'segments'>) =>
  async (prefix: string, from: Position): Promise<Log> => {
    const session = await sessionOf(ports)(prefix)
    const wanted = session.attempts.filter(({ number }) => number >= from.attempt)
    const firstOf = (attempt: number) => (attempt === from.attempt ? from.seq : 1)
    const logs = await Promise.all(wanted.map(({ number }) => ports.segments.log(session.id, number, firstOf(number))))
    const fromHere = (log: AttemptLog) =>
      log.attempt === from.attempt ? { ...log, segments: log.segments.filter(({ last }) => last >= from.seq) } : log
    return { attempts: logs.map(fromHere), open: session.state !== 'ended' }
  }
