import { describe, expect, it } from 'vitest'
import { PlanRequest } from '../../../core/contract/plan.ts'
import { CATALOGUE } from '../../../core/domain/catalogue.ts'
import { machinePlan } from '../../../core/domain/machine-plan.ts'
import { BUILT_IN_PRICES, pricesOf } from '../../../core/domain/prices.ts'
import { sizeFor } from '../../../core/domain/sizing.ts'
import { unknownType } from '../../../core/domain/unknown-type.ts'

const plan = (ask: object, prices = BUILT_IN_PRICES) => machinePlan(PlanRequest.parse({ task: 'add a button', ...ask }), prices)
const chosen = (ask: object) => plan(ask).candidates.find((candidate) => candidate.chosen)

describe('sizing', () => {
  it.each([
    ['fix typo in readme', 't3.small'],
    ['update the docs', 't3.small'],
    ['add rate limit to api endpoints', 't3.medium'],
    ['make the tests pass', 'm6i.xlarge'],
    ['run full integration suite', 'm6i.2xlarge'],
    ['refactor the billing module', 'm6i.2xlarge'],
    ['run ml pipeline', 'm6i.8xlarge'],
    ['train on the new data, and fix the readme', 'm6i.8xlarge'],
    ['contestant list: attest it', 't3.medium'],
  ])('"%s" gets %s', (task, instance) => {
    expect(sizeFor({ task }).type.instance).toBe(instance)
  })

  it('says why, in the words of the task', () => {
    expect(sizeFor({ task: 'fix TYPO' }).reason).toBe('"TYPO" sounds like a small text change')
  })

  it('a task of megabytes costs no time', () => {
    const before = performance.now()
    expect(sizeFor({ task: `${'full '.repeat(400_000)}x` }).type.instance).toBe('t3.medium')
    expect(performance.now() - before).toBeLessThan(1000)
  })

  it('what is asked for wins, and a large repository gets memory', () => {
    expect(sizeFor({ task: 'fix typo', instance: 'm6i.4xlarge' })).toMatchObject({
      type: { instance: 'm6i.4xlarge' },
      reason: 'you asked for m6i.4xlarge',
    })
    expect(sizeFor({ task: 'fix typo', repositoryBytes: 3 * 1024 ** 3 }).type.memoryGb).toBe(16)
  })
})

describe('Graviton', () => {
  it('is given to no task that did not ask for it, however large its repository', () => {
    for (const task of ['fix typo', 'add a button', 'run ml pipeline', 'make the tests pass'])
      for (const repositoryBytes of [0, 3 * 1024 ** 3]) {
        expect(sizeFor({ task, repositoryBytes }).type.architecture).toBe('x64')
        expect(chosen({ task, repositoryBytes, maxPriceUsd: 0.07 })?.instance ?? 't3.small').toMatch(/^(t3|m6i)\./)
      }
  })
  it('is planned beside its own kind when it is asked for', () => {
    const { candidates } = plan({ instance: 'm7g.large' })
    expect(candidates.find((candidate) => candidate.chosen)?.instance).toBe('m7g.large')
    expect(candidates.every(({ runtime, instance }) => runtime === 'local' || /^(t4g|c7g|m7g)\./.test(instance))).toBe(true)
  })
})

describe('a type there is not', () => {
  it.each([
    ['m6i.huge', /nearest: m6i\./],
    ['m7i.4xlarge', /nearest: (m6i|m7g)\.4xlarge, (m6i|m7g)\.4xlarge/],
    ['T3.SMALL', /nearest: t3\.small/],
    ['t4.small', /nearest: (t3|t4g)\.small, (t3|t4g)\.small/],
    ['', /nearest: \w+\.\w+/],
    ['x'.repeat(500), /nearest: \w+\.\w+/],
  ])('%s is answered with what comes nearest', (typed, hint) => {
    const error = unknownType(typed)
    expect([error.code, error.hint]).toEqual(['refused', expect.stringMatching(hint)])
    expect(error.message.length).toBeLessThan(100)
  })
})

describe('a plan', () => {
  it('has one chosen candidate with its price, its neighbours, and this machine', () => {
    const { candidates, pricesAsOf, pricesFrom } = plan({ task: 'make the tests pass' })
    expect(candidates.filter((candidate) => candidate.chosen).map(({ instance }) => instance)).toEqual(['m6i.xlarge'])
    expect(candidates.at(-1)).toMatchObject({ runtime: 'local', onDemandUsdPerHour: 0 })
    expect(candidates.length).toBeGreaterThan(3)
    expect([pricesAsOf, pricesFrom]).toEqual(['2026-11-20', expect.stringContaining('estimate')])
    expect(chosen({ task: 'make the tests pass', ttlSeconds: 7200 })?.why).toContain('$0.38 for 2 hours')
  })

  it('takes the largest within the price allowed', () => {
    expect(chosen({ task: 'run ml pipeline', maxPriceUsd: 0.5 })?.instance).toBe('m6i.2xlarge')
    expect(chosen({ task: 'run ml pipeline', maxPriceUsd: 0.5, spot: true })?.instance).toBe('m6i.8xlarge')
    expect(plan({ task: 'run ml pipeline', maxPriceUsd: 0.001 })).toMatchObject({
      reason: expect.stringContaining('nothing costs less'),
    })
  })

  it('spot is taken for about a third of on-demand, for every type, until the market was asked', () => {
    for (const type of CATALOGUE) expect(BUILT_IN_PRICES.spot(type) / type.usdPerHour).toBeCloseTo(0.3, 2)
  })

  it('is made with the prices that were read: they decide what fits, and are what is shown, with their date', () => {
    const prices = pricesOf({
      region: 'eu-west-1',
      listedAt: '2026-12-01T05:00:00.000Z',
      spotAt: '2026-12-01T17:04:59.000Z',
      onDemand: { 'm6i.2xlarge': 0.428, 'm6i.xlarge': 0.214 },
      spot: { 'm6i.xlarge': { 'eu-west-1a': 0.09, 'eu-west-1b': 0.06, 'eu-west-1c': 0.2 } },
      refused: [],
    })
    const dear = plan({ task: 'run ml pipeline', maxPriceUsd: 0.4 }, prices)
    expect(dear.candidates.find((candidate) => candidate.chosen)).toMatchObject({ instance: 't3.2xlarge' })
    expect(chosen({ task: 'run ml pipeline', maxPriceUsd: 0.4 })?.instance).toBe('m6i.2xlarge')
    const { candidates, pricesAsOf, pricesFrom } = plan({ task: 'make the tests pass' }, prices)
    expect(candidates.find((candidate) => candidate.chosen)).toMatchObject({ onDemandUsdPerHour: 0.214, spotUsdPerHour: 0.09 })
    expect(candidates.find(({ instance }) => instance === 'm6i.2xlarge')).toMatchObject({ spotUsdPerHour: 0.1284 })
    expect([pricesAsOf, pricesFrom]).toEqual([
      '2026-12-01',
      "AWS's price list, Linux on demand, eu-west-1; spot is the market's of 2026-12-01 17:04 UTC, in the middle of its zones",
    ])
  })
})
