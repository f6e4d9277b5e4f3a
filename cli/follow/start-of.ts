import type { Position } from '../../core/contract/ids.ts'
import type { Log } from '../../core/contract/log.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Connection } from '../connect.ts'
import type { Flags } from '../flags.ts'

/** `2.15`: event 15 of attempt 2. */
export const parsePosition = (text: string): Position => {
  const [, attempt, seq] = /^([1-9]\d{0,8})(?:\.(\d{1,12}))?$/.exec(text) ?? []
  if (attempt !== undefined) return { attempt: Number(attempt), seq: Number(seq ?? 1) }
  throw new RemoteError('usage', `--from: \`${text.slice(0, 40)}\` is not a position`, {
    hint: 'a position is ATTEMPT.SEQ, for example 1.200',
  })
}

/** The first event of the last `count`, over all attempts. */
export const tailStart = ({ attempts }: Log, count: number): Position => {
  let left = count
  for (const { attempt, last } of attempts.toReversed()) {
    if (left <= last) return { attempt, seq: last - left + 1 }
    left -= last
  }
  return { attempt: 1, seq: 1 }
}

/** Where to begin, as --from and --tail say; else at the very start. */
export const startOf = async (connection: Connection, session: string, flags: Flags): Promise<Position> => {
  const from = flags.text('from')
  const tail = flags.number('tail')
  if (from !== undefined && tail !== undefined)
    throw new RemoteError('usage', '--from and --tail exclude each other', { hint: 'give one of them' })
  if (from !== undefined) return parsePosition(from)
  if (tail === undefined) return { attempt: 1, seq: 1 }
  return tailStart(await connection.get('/v1/sessions/:id/log', { param: { id: session }, query: { from: '1.0' } }), tail)
}
