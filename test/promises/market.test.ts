import { DescribeSpotPriceHistoryCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../core/domain/catalogue.ts'
import { callJson } from '../../lambdas/aws/aws-query.ts'
import { openPriceList } from '../../lambdas/aws/price-list.ts'
import { openSpotMarket } from '../../lambdas/aws/spot-market.ts'
import { type Aws, openAws } from '../rehearsal/aws.ts'

const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' }
const TYPES = CATALOGUE.map(({ instance }) => instance)

let aws: Aws
let env: NodeJS.ProcessEnv
let ec2: EC2Client
beforeAll(async () => {
  aws = await openAws()
  env = {
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  }
  ec2 = new EC2Client({ region: 'us-east-1', endpoint: aws.endpoint, credentials: KEYS })
})
afterAll(() => aws?.close())

describe('the price list', () => {
  it.each(['us-east-1', 'eu-west-1', 'ap-southeast-2', 'sa-east-1', 'me-south-1'])(
    'of %s has what Linux costs on shared machines, disks and used addresses, from one of the places that serve it',
    async (region) => {
      await aws.control.prices({ listed: { 't3.small': 0.0228, gp3: 0.088, ipv4: 0.006 } })
      const listed = await openPriceList(env, region).listed(['t3.small', 'm6i.large', 'm6i.16xlarge'])
      expect(listed).toEqual({
        onDemand: { 't3.small': 0.0228, 'm6i.large': 0.096 },
        usdPerGbMonth: 0.088,
        usdPerAddressHour: 0.006,
      })
    },
  )
  it('that has none of the machines, or does not answer, is unavailable', async () => {
    await expect(openPriceList(env, 'us-east-1').listed(['m6i.16xlarge'])).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the price list has no machine of us-east-1',
    })
    await aws.control.fault({ code: 'ThrottlingException', service: 'pricing', action: 'GetProducts', times: 1 })
    await expect(openPriceList(env, 'us-east-1').listed(TYPES)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ThrottlingException'),
    })
  })
})

describe('the spot market', () => {
  const market = () => openSpotMarket(ec2, { now: () => Date.now() })
  const of = async (instance: string) =>
    Object.fromEntries(
      (await market().spot(TYPES)).flatMap((one) => (one.instance === instance ? [[one.zone, one.usdPerHour]] : [])),
    )

  it('has the price of each type in each zone, from all pages, as it is now and not as it was', async () => {
    const before = await of('t3.small')
    expect(Object.keys(before).length).toBeGreaterThan(3)
    await aws.control.prices({ spot: { 't3.small': { 'us-east-1b': 0.011 }, 'm6i.large': { 'us-east-1a': 0.05 } } })
    await aws.control.prices({ spot: { 't3.small': { 'us-east-1b': 0.012 } } })
    expect(await of('t3.small')).toEqual({ ...before, 'us-east-1b': 0.012 })
    expect((await of('m6i.large'))['us-east-1a']).toBe(0.05)
  })
})

it('a spot market that has none of the types is unavailable', async () => {
  const market = openSpotMarket(ec2, { now: () => Date.now() })
  await expect(market.spot(['x9.huge'])).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the spot market names no machine',
  })
})

describe('our model of them', () => {
  it('serves the list from three places alone, and refuses what AWS refuses', async () => {
    const ask = (region: string, body: object) =>
      callJson(env, { service: 'pricing', region, target: 'AWSPriceListService.GetProducts', body })
    const plain = { ServiceCode: 'AmazonEC2', FormatVersion: 'aws_v1', Filters: [] }
    await expect(ask('eu-west-1', plain)).rejects.toThrow('not served from eu-west-1')
    await expect(ask('us-east-1', { ...plain, MaxResults: 101 })).rejects.toThrow('InvalidParameter')
    const { PriceList } = (await ask('ap-south-1', plain)) as { PriceList: string[] }
    const families = PriceList.map(
      (text) => (JSON.parse(text) as { product: { attributes: { operatingSystem?: string } } }).product,
    )
    expect(new Set(families.map(({ attributes }) => attributes.operatingSystem))).toEqual(
      new Set([undefined, 'Linux', 'Windows']),
    )
  })
  it('tells the changes of a range and the price that held when it began, and nothing of other systems', async () => {
    const began = new Date()
    await aws.control.prices({ spot: { 't4g.small': { 'us-east-1a': 0.006 } } })
    await aws.control.prices({ spot: { 't4g.small': { 'us-east-1a': 0.007 } } })
    const history = async (more: object) => {
      const Filters = [{ Name: 'availability-zone', Values: ['us-east-1a'] }]
      const ask = { InstanceTypes: ['t4g.small' as const], Filters, StartTime: began, EndTime: new Date(), ...more }
      return (await ec2.send(new DescribeSpotPriceHistoryCommand(ask))).SpotPriceHistory ?? []
    }
    expect((await history({})).map(({ SpotPrice }) => Number(SpotPrice))).toEqual([0.007, 0.006, 0.005])
    expect((await history({ StartTime: new Date() })).map(({ SpotPrice }) => Number(SpotPrice))).toEqual([0.007])
    expect(await history({ ProductDescriptions: ['Windows'] })).toEqual([])
  })
})
