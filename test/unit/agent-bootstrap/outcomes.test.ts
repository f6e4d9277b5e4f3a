import { expect, it } from 'vitest'
import { outcomeOf } from '../../../agent-bootstrap/outcomes.ts'
import { RemoteError } from '../../../core/contract/remote-error.ts'

it.each([
  ['both changed a.txt', 'both changed a.txt; say which side wins'],
  ['Both changed a.txt.', 'Both changed a.txt. say which side wins'],
])('what is wrong and what to do about it do not run into each other: %s', (message, reason) => {
  const error = new RemoteError('conflict', message, { hint: 'say which side wins' })
  expect(outcomeOf(error)).toEqual({ outcome: 'refused', code: 'conflict', reason })
})
