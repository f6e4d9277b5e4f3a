import { describe, expect, it } from 'vitest'
import type { Listed, SpotPrice } from '../../../core/domain/believed-prices.ts'
import { CATALOGUE } from '../../../core/domain/catalogue.ts'
import { BUILT_IN_PRICES, pricesOf } from '../../../core/domain/prices.ts'
import { stalePrices } from '../../../core/domain/stale-prices.ts'
import { refreshPrices } from '../../../core/usecases/refresh-prices.ts'
import { apiWorld } from '../../support/api-world.ts'
import { fakePorts } from '../../support/fakes/fake-ports.ts'
import { aDispatch } from '../../support/samples.ts'

const HOUR = 3600

/** A market whose answers a test sets; undefined: it does not answer. */
const marketWorld = () => {
  const ports = fakePorts()
  const market = {
    region: 'eu-west-1',
    list: { onDemand: { 't3.small': 0.0228 }, usdPerGbMonth: 0.088, usdPerAddressHour: 0.005 } as Listed | undefined,
    offers: [{ instance: 't3.small', zone: 'eu-west-1a', usdPerHour: 0.008 }] as SpotPrice[] | undefined,
    asked: { list: 0, spot: 0 },
    listed: async () => {
      market.asked.list += 1
      if (!market.list) throw new Error('AccessDeniedException')
      return market.list
    },
    spot: async () => {
      market.asked.spot += 1
      if (!market.offers) throw new Error('RequestLimitExceeded')
      return market.offers
    },
  }
  return { ports, market, refresh: refreshPrices(ports, market) }
}
const small = CATALOGUE.find(({ instance }) => instance === 't3.small') ?? CATALOGUE[0]
if (!small) throw new Error('the catalogue is empty')

describe('prices that are read', () => {
  it('stand in place of the built-in ones, and what was not read is as it was', async () => {
    const { ports, refresh } = marketWorld()
    expect(await refresh()).toEqual({ refused: [], failed: [] })
    const prices = pricesOf(await ports.prices.get())
    expect([prices.onDemand(small), prices.spot(small), prices.spot(small, 'eu-west-1a')]).toEqual([0.0228, 0.008, 0.008])
    expect([prices.usdPerGbMonth, prices.usdPerAddressHour]).toEqual([0.088, 0.005])
    expect(prices.ofMachine({ instance: 'm6i.large', spot: false })).toBe(0.096)
    expect(prices.asOf).toBe('2026-11-20')
    expect(prices.from).toBe(
      "AWS's price list, Linux on demand, eu-west-1; spot is the market's of 2026-11-20 12:00 UTC, in the middle of its zones",
    )
  })

  it('are asked for as often as they change: the list once a day, the market each time', async () => {
    const { ports, market, refresh } = marketWorld()
    for (let hour = 0; hour < 24; hour++) {
      await refresh()
      ports.clock.pass(HOUR)
    }
    expect(market.asked).toEqual({ list: 2, spot: 24 })
  })

  it.each([
    [{ onDemand: { 't3.small': 20.8 } }, /t3\.small is said to cost \$20\.8, where \$0\.0208 is known/],
    [{ onDemand: { 't3.small': 0 } }, /t3\.small is said to cost \$0,/],
    [{ onDemand: { 't3.small': -1 } }, /t3\.small is said to cost \$-1,/],
    [{ onDemand: { 't3.small': Number.NaN } }, /t3\.small is said to cost \$NaN,/],
    [{ onDemand: {}, usdPerGbMonth: 8 }, /a GB of gp3 a month is said to cost \$8,/],
    [{ onDemand: {}, usdPerAddressHour: 0.5 }, /a public address an hour is said to cost \$0\.5,/],
  ])('%j is not believed, is said once, and what was known stays', async (list, why) => {
    const { ports, market, refresh } = marketWorld()
    await refresh()
    market.list = list
    ports.clock.pass(24 * HOUR)
    expect((await refresh()).refused).toEqual([expect.stringMatching(why)])
    expect(pricesOf(await ports.prices.get())).toMatchObject({ usdPerGbMonth: 0.088, usdPerAddressHour: 0.005 })
    expect(pricesOf(await ports.prices.get()).onDemand(small)).toBe(0.0228)
    ports.clock.pass(24 * HOUR)
    expect((await refresh()).refused).toEqual([])
    expect((await ports.prices.get())?.refused).toHaveLength(1)
  })

  it('of the spot market are held against what the machine costs on demand; one bad zone keeps no other from being believed', async () => {
    const { ports, market, refresh } = marketWorld()
    market.offers = [
      { instance: 't3.small', zone: 'eu-west-1a', usdPerHour: 0.000_01 },
      { instance: 't3.small', zone: 'eu-west-1b', usdPerHour: 0.009 },
      { instance: 't3.small', zone: 'eu-west-1c', usdPerHour: 5 },
      { instance: 'x9.huge', zone: 'eu-west-1c', usdPerHour: 5 },
    ]
    const { refused } = await refresh()
    expect(refused).toEqual([
      'spot t3.small in eu-west-1a is said to cost $0.00001, and $0.0228 on demand',
      'spot t3.small in eu-west-1c is said to cost $5, and $0.0228 on demand',
    ])
    expect((await ports.prices.get())?.spot).toEqual({ 't3.small': { 'eu-west-1b': 0.009 } })
  })

  it('that do not answer leave the others and those before as they were; old ones are said', async () => {
    const { ports, market, refresh } = marketWorld()
    market.list = undefined
    expect((await refresh()).failed).toEqual([expect.stringContaining('price list: AccessDenied')])
    const first = await ports.prices.get()
    expect(first).toMatchObject({ onDemand: {}, spot: { 't3.small': { 'eu-west-1a': 0.008 } } })
    expect(pricesOf(first)).toMatchObject({
      asOf: BUILT_IN_PRICES.asOf,
      from: expect.stringMatching(/^AWS EC2 on-demand.*market's of/),
    })
    expect(stalePrices(first, ports.clock.now())).toMatch(/could not be read yet/)
    market.list = { onDemand: { 't3.small': 0.0228 } }
    await refresh()
    expect(stalePrices(await ports.prices.get(), ports.clock.now())).toBeUndefined()
    Object.assign(market, { list: undefined, offers: undefined })
    ports.clock.pass(72 * HOUR)
    expect((await refresh()).failed).toHaveLength(2)
    const kept = await ports.prices.get()
    expect(kept).toMatchObject({ onDemand: { 't3.small': 0.0228 }, spotAt: '2026-11-20T12:00:00.000Z' })
    expect(stalePrices(kept, ports.clock.now())).toMatch(/could not be read since 2026-11-20/)
    expect(stalePrices(undefined, ports.clock.now())).toMatch(/yet/)
  })
})

describe('a purchase', () => {
  it('is of the zone and the kind that was bought, and says when and where its price was read', async () => {
    const { ports, market, refresh } = marketWorld()
    market.offers?.push({ instance: 't3.small', zone: 'eu-west-1b', usdPerHour: 0.011 })
    await refresh()
    const { purchase } = pricesOf(await ports.prices.get())
    const bought = { instance: 't3.small', zone: 'eu-west-1b', spot: true, diskGb: 40 }
    expect(purchase(bought)).toEqual({
      ...bought,
      usdPerHour: 0.011,
      usdPerGbMonth: 0.088,
      usdPerAddressHour: 0.005,
      priced: { asOf: '2026-11-20', from: 'spot market' },
    })
    expect(purchase({ ...bought, spot: false })).toMatchObject({ usdPerHour: 0.0228, priced: { from: 'price list' } })
    expect(purchase({ ...bought, instance: 'm6i.large' })).toMatchObject({ usdPerHour: 0.0288, priced: { from: 'estimate' } })
    expect(BUILT_IN_PRICES.purchase({ ...bought, spot: false })).toMatchObject({
      usdPerHour: 0.0208,
      priced: { asOf: '2026-11-20', from: 'built-in table' },
    })
  })
})

describe('a control plane that has no market', () => {
  const table = (spotAt: string, usd: number) => ({ region: 'x', onDemand: { 't3.small': usd }, spotAt, spot: {}, refused: [] })
  const put = ({ call }: ReturnType<typeof apiWorld>, body: object) => call({ method: 'PUT', path: '/v1/prices', body })

  it('takes what another has read, unless its own are newer; one that reads them takes none', async () => {
    const world = apiWorld()
    const get = async () => (await world.call({ method: 'GET', path: '/v1/prices' })).json.table
    expect(await get()).toBeNull()
    const [first, second] = [table('2026-11-20T10:00:00.000Z', 0.02), table('2026-11-20T11:00:00.000Z', 0.021)]
    for (const one of [first, second, first]) expect((await put(world, one)).status).toBe(200)
    expect(await get()).toEqual(second)
    const reading = apiWorld({ readsPrices: true })
    expect(await put(reading, first)).toMatchObject({ status: 422, json: { code: 'not_supported' } })
    expect(await reading.ports.prices.get()).toBeUndefined()
  })
  it.each([[{}], [{ ...table('yesterday', 0.02) }], [{ ...table('2026-11-20T10:00:00.000Z', -1) }]])(
    '%j is no table',
    async (body) => {
      expect((await put(apiWorld(), body)).status).toBe(400)
    },
  )
})

describe('a control plane with prices that were read', () => {
  it('lists, plans and sizes by them', async () => {
    const world = apiWorld({ runtimes: ['local', 'cloud'] })
    const table = {
      region: 'sa-east-1',
      listedAt: '2026-11-20T11:00:00.000Z',
      onDemand: { 't3.medium': 0.0672 },
      spot: {},
      refused: [],
    }
    const dearest = aDispatch({ runtime: 'cloud', task: 'add a button', agent: 'claude', maxPriceUsd: 0.05 })
    const before = await world.plane.dispatch(dearest, { by: 'ada' })
    expect(before.session.request.instance).toBe('t3.medium')
    await world.ports.prices.put(table)
    expect((await world.plane.dispatch(dearest, { by: 'ada' })).session.request.instance).toBe('t3.small')
    const { json } = await world.call({ method: 'GET', path: '/v1/catalogue' })
    expect(json.types.find(({ instance }: { instance: string }) => instance === 't3.medium')).toMatchObject({
      onDemandUsdPerHour: 0.0672,
      spotUsdPerHour: 0.0202,
    })
    expect(json).toMatchObject({ pricesAsOf: '2026-11-20', pricesFrom: expect.stringContaining('sa-east-1') })
    const planned = await world.call({ method: 'POST', path: '/v1/plan', body: { task: 'add a button' } })
    expect(planned.json.candidates.find(({ chosen }: { chosen: boolean }) => chosen)).toMatchObject({
      onDemandUsdPerHour: 0.0672,
    })
  })
})
