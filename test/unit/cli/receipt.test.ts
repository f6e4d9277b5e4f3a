import { expect, it } from 'vitest'
import { receiptText } from '../../../cli/output/receipt.ts'
import { styleOf } from '../../../cli/output/style.ts'
import { aSession } from '../../support/samples.ts'

it('a receipt of a machine that was bought says which, at which price, and where that was read', () => {
  const purchase = { instance: 'm6i.large', zone: 'us-east-1b', spot: true, usdPerHour: 0.0312, diskGb: 40 }
  const outcome = { outcome: 'succeeded', code: 'exit', reason: '' } as const
  const priced = { asOf: '2026-11-20', from: 'spot market' } as const
  const attempts = [{ number: 1 }, { number: 2, purchase: { ...purchase, priced } }, { number: 3 }]
  const session = { ...aSession(1, { runtime: 'cloud' }), state: 'ended' as const, outcome, attempts }
  expect(receiptText(session, styleOf(process.stdout, { NO_COLOR: '1' }))).toBe(
    `✓ ${session.id} succeeded · 0s · $0.00 · m6i.large spot at $0.0312 an hour (spot market, 2026-11-20) · 3 attempts`,
  )
  const older = { ...session, attempts: [{ number: 1, purchase }] }
  expect(receiptText(older, styleOf(process.stdout, { NO_COLOR: '1' }))).toMatch(/m6i\.large spot at \$0\.0312 an hour$/)
})

it('a receipt is one sentence about the end, whatever the reason ends with', () => {
  const outcome = { outcome: 'failed', code: 'exit', reason: 'The command exited with 3.' } as const
  const session = { ...aSession(1, { agent: 'shell' }), state: 'ended' as const, outcome }
  const text = receiptText(session, styleOf(process.stdout, { NO_COLOR: '1' }))
  expect(text).toBe(`✗ ${session.id} failed: The command exited with 3 · 0s · $0.00`)
})
