import { expect, it } from 'vitest'
import { openKeySender } from '../../../cli/terminal/key-sender.ts'
import type { FromViewer } from '../../../core/contract/frames.ts'

const opened = (isNear: boolean) => {
  const sent: FromViewer['type'][] = []
  const sender = openKeySender('one-viewer', { isNear })
  sender.connected(({ type }) => sent.push(type))
  sender.resize(101, 33)
  sender.type(Buffer.from('ls\r'))
  return { sent, sender }
}

it('from afar, where frames overtake each other, nothing is typed before its size has arrived', () => {
  const { sent, sender } = opened(false)
  expect(sent).toEqual(['size'])
  sender.typed({ type: 'typed', attempt: 1, stream: 'one-viewer', offset: 0, size: 1 })
  expect(sent).toEqual(['size', 'keys'])
  sender.close()
})

it('on this machine, where they do not, nobody waits', () => {
  const { sent, sender } = opened(true)
  expect(sent).toEqual(['size', 'keys'])
  sender.close()
})
