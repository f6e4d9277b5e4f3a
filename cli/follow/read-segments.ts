import { RemoteError } from '../../core/contract/remote-error.ts'
import { type Joined, joinLog, type LogJoin } from '../../core/domain/log-join.ts'
import type { Client } from '../client.ts'
import { eventsIn } from './events-in.ts'

export type LogReader = Pick<Client, 'get' | 'bytes'>
type Read = { join: LogJoin; open: boolean }
/** More than one answer's worth is left: it is to be asked again. */
type Listed = Read & { isCut: boolean }

const isBefore = (a: LogJoin, b: LogJoin) =>
  a.next.attempt < b.next.attempt || (a.next.attempt === b.next.attempt && a.next.seq < b.next.seq)

/** Of another attempt than the next it is not known: it is read already, or the one before it has not ended. */
const isShortOf = (last: number, attempt: number, { next }: LogJoin) => next.attempt === attempt && next.seq <= last

const shortened = (session: string, attempt: number) =>
  new RemoteError('corrupt', `the log of ${session} is damaged: of attempt ${attempt} there is less than was recorded`, {
    hint: 'what is left of it is shown; nothing else has the rest',
  })

/**
 * Feeds everything durable from `join.next` on to `give`, in order. The answer says whether more can come. Of a long log not all is listed
 * at once, addresses of segments expire, and a reader may be slow: they are asked for anew as long as that leads further.
 */
export const readSegments = async (
  reader: LogReader,
  session: string,
  start: LogJoin,
  give: (joined: Joined) => Promise<void>,
): Promise<Read> => {
  for (let join = start; ; ) {
    let reached = join
    try {
      const { isCut, ...read } = await readListed(reader, session, join, async (joined) => {
        reached = joined.join
        await give(joined)
      })
      if (!isCut) return read
      // Asked for it anew, there is no more of it.
      if (!isBefore(join, reached)) throw shortened(session, read.join.next.attempt)
      join = reached
    } catch (error) {
      if (!(error instanceof RemoteError && error.code === 'unavailable' && isBefore(join, reached))) throw error
      join = reached
    }
  }
}

const readListed = async (
  reader: LogReader,
  session: string,
  start: LogJoin,
  give: (joined: Joined) => Promise<void>,
): Promise<Listed> => {
  let join = start
  const take = async (joined: Joined) => {
    join = joined.join
    await give(joined)
  }
  const { attempt, seq } = join.next
  const log = await reader.get('/v1/sessions/:id/log', { param: { id: session }, query: { from: `${attempt}.${seq}` } })
  for (const part of log.attempts) {
    for (const segment of part.segments) {
      if (part.attempt < join.next.attempt || (part.attempt === join.next.attempt && segment.last < join.next.seq)) continue
      const events = eventsIn(await reader.bytes(segment.url, segment.sha256))
      if (events.length <= segment.last - segment.first) throw shortened(session, part.attempt)
      await take(joinLog(join, { kind: 'events', attempt: part.attempt, events }))
    }
    if (isShortOf(part.last, part.attempt, join)) return { join, open: log.open, isCut: true }
    if (part.sealed) await take(joinLog(join, { kind: 'sealed', attempt: part.attempt, last: part.last, lost: part.lost }))
  }
  return { join, open: log.open, isCut: false }
}
