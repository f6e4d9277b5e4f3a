import type { LogEvent } from '../../core/contract/events.ts'
import { decodeRecords } from '../../core/contract/records.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'

const isEvent = ({ head }: LogEvent) =>
  typeof head === 'object' && head !== null && Number.isSafeInteger(head.seq) && head.seq > 0 && typeof head.type === 'string'

/** The events in whole records of a log. Their machine wrote them, so they may be anything: throws `corrupt` when they are no events. */
export const eventsIn = (records: Uint8Array): LogEvent[] => {
  let cause: unknown
  try {
    const { events } = decodeRecords(records)
    if (events.every(isEvent)) return events
  } catch (error) {
    cause = error
  }
  throw new RemoteError('corrupt', 'what its machine sent is no log', {
    hint: 'a program on the machine may have tampered with it; end the session: remote terminate SESSION --now',
    cause,
  })
}
