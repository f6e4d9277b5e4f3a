import { describe, expect, it } from 'vitest'
import { memoryTurns } from '../../../bench/burst/memory-machinery.ts'
import { simulate } from '../../../bench/burst/simulate.ts'
import { LAUNCH_RATE, openDynamoTurnStore, openLaunchPace, type TurnStore } from '../../../lambdas/aws/dynamo-launch-pace.ts'
import { useAws } from '../../support/aws-world.ts'
import { NOON } from '../../support/samples.ts'

const aws = useAws()
const STEP_MS = 1000 / LAUNCH_RATE.perSecond

const inTable = async () => {
  return openDynamoTurnStore(await aws.fresh())
}

describe.each<[string, () => TurnStore | Promise<TurnStore>]>([
  ['DynamoDB', inTable],
  ['the simulation', () => memoryTurns(() => NOON)],
])('turns in %s', (_name, open) => {
  it('let a few launch at once, and the others one after the other, each at a moment of its own', async () => {
    const pace = openLaunchPace(await open(), () => NOON)
    const turns = await Promise.all(Array.from({ length: 12 }, (_, n) => pace.turn(`s-${n}`, 1)))
    const waits = turns.map((turn) => turn - NOON).sort((a, b) => a - b)
    expect(waits.slice(0, LAUNCH_RATE.burst)).toEqual(Array.from({ length: LAUNCH_RATE.burst }, () => 0))
    for (const [n, wait] of waits.slice(LAUNCH_RATE.burst).entries()) {
      expect(Math.abs(wait - (n + 1) * STEP_MS)).toBeLessThan(15)
    }
  })

  it('an attempt keeps its turn, however often it asks; another attempt has another', async () => {
    const pace = openLaunchPace(await open(), () => NOON)
    for (let n = 0; n < 8; n += 1) await pace.turn(`s-${n}`, 1)
    const turn = await pace.turn('s-late', 1)
    expect(turn).toBeGreaterThan(NOON)
    expect(await pace.turn('s-late', 1)).toBe(turn)
    expect(await pace.turn('s-late', 2)).toBeGreaterThan(turn)
  })

  it('one that EC2 throttled comes again behind the others, and not at once', async () => {
    const pace = openLaunchPace(await open(), () => NOON)
    const turns = []
    for (let n = 0; n < 30; n += 1) turns.push(await pace.turn(`s-${n}`, 1))
    const again = await pace.again('s-3', 1)
    expect(again).toBeGreaterThan(Math.max(...turns))
    expect(await pace.turn('s-3', 1)).toBe(again)
    const idle = openLaunchPace(await open(), () => NOON)
    expect(await idle.again('s-1', 1)).toBeGreaterThanOrEqual(NOON + 2000)
  })

  it('what nobody used comes back, up to what may be launched at once', async () => {
    const store = await open()
    for (let n = 0; n < 9; n += 1) await openLaunchPace(store, () => NOON).turn(`s-${n}`, 1)
    const later = NOON + 3_600_000
    const pace = openLaunchPace(store, () => later)
    const turns = await Promise.all(Array.from({ length: LAUNCH_RATE.burst + 1 }, (_, n) => pace.turn(`t-${n}`, 1)))
    expect(turns.filter((turn) => turn === later)).toHaveLength(LAUNCH_RATE.burst)
  })
})

it('nobody’s turn is told for certain while too many ask at once: they ask again', async () => {
  const busy: TurnStore = {
    get: async () => undefined,
    put: () => Promise.reject(new Error('kept')),
    take: async () => undefined,
  }
  const turn = await openLaunchPace(busy, () => NOON).turn('s-1', 1)
  expect(turn).toBeGreaterThanOrEqual(NOON + 1000)
  expect(turn).toBeLessThanOrEqual(NOON + 10_000)
})

describe('a burst of dispatches', () => {
  it.each([2, 1, 0.25])(
    'where EC2 allows %d launches a second is served whole, nothing twice, nothing described',
    async (rate) => {
      const told = await simulate({ sessions: 400, launchesPerSecond: rate, crashShare: 0.1, seed: 7 })
      expect(told).toMatchObject({ givenUp: 0, refused: 0, duplicates: 0, described: 0, launched: 400, ended: 400, left: 0 })
      expect(told.crashed).toBeGreaterThan(10)
      const best = (400 - 5) / rate
      expect(told.launchSeconds).toBeLessThan(best * 1.05 + 15)
    },
  )
})
