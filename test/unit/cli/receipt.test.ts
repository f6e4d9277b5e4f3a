import { expect, it } from 'vitest'
import { receiptText } from '../../../cli/output/receipt.ts'
import { styleOf } from '../../../cli/output/style.ts'
import { aSession } from '../../support/samples.ts'

it('a receipt is one sentence about the end, whatever the reason ends with', () => {
  const outcome = { outcome: 'failed', code: 'exit', reason: 'The command exited with 3.' } as const
  const session = { ...aSession(1, { agent: 'shell' }), state: 'ended' as const, outcome }
  const text = receiptText(session, styleOf(process.stdout, { NO_COLOR: '1' }))
  expect(text).toBe(`✗ ${session.id} failed: The command exited with 3 · 0s · $0.00`)
})
