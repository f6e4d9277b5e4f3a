import { afterEach, describe, expect, it, vi } from 'vitest'
import { type GrantKeeper, openGrantKeeper } from '../../../agent-bootstrap/cloud/grant-keeper.ts'
import type { Grant, Renewed } from '../../../core/contract/runner.ts'

const keepers: GrantKeeper[] = []
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.close()
})

const grantFor = (ms: number, key: string): Grant => ({
  ...{ region: 'us-east-1', bucket: 'b', prefix: 'sessions/s/', secrets: [] },
  credentials: { accessKeyId: key, secretAccessKey: 's', sessionToken: 't' },
  expiresAt: new Date(Date.now() + ms).toISOString(),
})

const PATIENT = { timeout: 30_000, interval: 20 }

const keep = (ms: number, renew: () => Promise<Renewed>, earlyMs: number) => {
  const over: { why: string; late: number }[] = []
  const asked: number[] = []
  const began = performance.now()
  const keeper = openGrantKeeper({
    ...{ grant: grantFor(ms, 'first'), earlyMs },
    renew: () => {
      asked.push(performance.now() - began)
      return renew()
    },
    onExpired: (why) => over.push({ why, late: performance.now() - began - ms }),
  })
  keepers.push(keeper)
  return { keeper, asked, over }
}

describe('a grant', () => {
  it('is replaced before its end', async () => {
    const renewed = async () => ({ secrets: {}, grant: grantFor(60_000, 'second') })
    const { keeper, asked, over } = keep(3000, renewed, 1500)
    expect(keeper.current().credentials.accessKeyId).toBe('first')
    await vi.waitUntil(() => keeper.current().credentials.accessKeyId === 'second', PATIENT)
    expect(asked[0]).toBeGreaterThan(1400)
    expect([asked.length, over]).toEqual([1, []])
  })

  it('is asked for again until its end, which is told once, and after it', async () => {
    const end = Date.now() + 2500
    const renew = async (): Promise<Renewed> => {
      if (Date.now() < end + 200) throw new Error('nobody there')
      return { secrets: {}, grant: grantFor(60_000, 'late') }
    }
    const { keeper, asked, over } = keep(2500, renew, 1400)
    await vi.waitUntil(() => over.length > 0, PATIENT)
    expect(over).toMatchObject([{ why: 'nobody there' }])
    expect(over[0]?.late).toBeGreaterThan(-50) // clocks of two kinds
    expect(asked.length).toBeGreaterThanOrEqual(2)
    await vi.waitUntil(() => keeper.current().credentials.accessKeyId === 'late', PATIENT)
    expect(over).toHaveLength(1)
  })
})
