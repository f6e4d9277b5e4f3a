import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
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
    await delay(1700)
    expect(keeper.current().credentials.accessKeyId).toBe('second')
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
    await delay(3000)
    expect(over).toMatchObject([{ why: 'nobody there' }])
    expect(Math.abs(over[0]?.late ?? 9999)).toBeLessThan(300)
    expect(asked.length).toBeGreaterThanOrEqual(2)
    for (const until = performance.now() + 30_000; keeper.current().credentials.accessKeyId !== 'late'; await delay(50))
      if (performance.now() > until) throw new Error('no other grant came')
    expect(over).toHaveLength(1)
  })
})
