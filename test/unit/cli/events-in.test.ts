import { expect, it } from 'vitest'
import { eventsIn } from '../../../cli/follow/events-in.ts'
import type { EventHead } from '../../../core/contract/events.ts'
import { encodeRecord } from '../../../core/contract/records.ts'

const head: EventHead = { seq: 1, at: '', type: 'output', stream: 'stdout' }
const record = (of: unknown) => encodeRecord(of as EventHead, Buffer.from('x'))

it('whole records are events', () => {
  expect(eventsIn(record(head)).map((event) => event.head)).toEqual([head])
})

it.each([
  ['a length that no machine has', Buffer.from('ffffffff00000000', 'hex')],
  ['a head that is no JSON', Buffer.concat([Buffer.from('0000000100000000', 'hex'), Buffer.from('{')])],
  ['nothing at all', record(null)],
  ['a place that is none', record({ ...head, seq: 1e300 })],
  ['no kind', record({ seq: 1 })],
])('%s is no event, and no fault of ours', (_what, bytes) => {
  expect(() => eventsIn(bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }))
})
