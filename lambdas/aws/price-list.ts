import * as z from 'zod'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Market } from '../../core/ports/market.ts'
import { callJson } from './aws-query.ts'

/** https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html */
const Answer = z.object({ PriceList: z.array(z.string()).default([]) })
const Dimension = z.object({ unit: z.string(), pricePerUnit: z.object({ USD: z.coerce.number().optional() }) })
const Product = z.object({
  product: z.object({ attributes: z.record(z.string(), z.string()) }),
  terms: z.object({
    OnDemand: z.record(z.string(), z.object({ priceDimensions: z.record(z.string(), Dimension) })).default({}),
  }),
})
type Product = z.infer<typeof Product>

/** The list of every region is served from three. */
const servedFrom = (region: string) => {
  if (/^(eu|me|af|il)-/.test(region)) return 'eu-central-1'
  return region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1'
}

/** The dearest of what fits: what is free or reserved is listed at nothing. */
const usdOf = (products: readonly Product[], unit: string): number | undefined => {
  const dimensions = products.flatMap(({ terms }) =>
    Object.values(terms.OnDemand).flatMap(({ priceDimensions }) => Object.values(priceDimensions)),
  )
  const usd = Math.max(0, ...dimensions.map((one) => (one.unit === unit ? (one.pricePerUnit.USD ?? 0) : 0)))
  return usd > 0 ? usd : undefined
}

/** AWS's price list of a region: a call for each type, one after the other, since what it takes at once is written down nowhere. */
export const openPriceList = (env: NodeJS.ProcessEnv, region: string): Pick<Market, 'listed'> => {
  const products = async (ServiceCode: string, fields: Record<string, string>): Promise<Product[]> => {
    const Filters = Object.entries({ regionCode: region, ...fields }).map(([Field, Value]) => ({
      Type: 'TERM_MATCH',
      Field,
      Value,
    }))
    const answer = await callJson(env, {
      service: 'pricing',
      host: 'api.pricing',
      region: servedFrom(region),
      target: 'AWSPriceListService.GetProducts',
      body: { ServiceCode, FormatVersion: 'aws_v1', MaxResults: 100, Filters },
    })
    return Answer.parse(answer).PriceList.map((text) => Product.parse(JSON.parse(text)))
  }
  const machine = { operatingSystem: 'Linux', tenancy: 'Shared', preInstalledSw: 'NA', capacitystatus: 'Used' }

  return {
    listed: async (instances) => {
      const onDemand: Record<string, number> = {}
      for (const instanceType of instances) {
        const usd = usdOf(await products('AmazonEC2', { ...machine, instanceType }), 'Hrs')
        if (usd !== undefined) onDemand[instanceType] = usd
      }
      if (Object.keys(onDemand).length === 0)
        throw new RemoteError('unavailable', `the price list has no machine of ${region}`, {
          hint: 'it is asked again in an hour',
        })
      const disks = await products('AmazonEC2', { productFamily: 'Storage', volumeApiName: 'gp3' })
      const addresses = await products('AmazonVPC', { group: 'VPCPublicIPv4Address' })
      const inUse = addresses.filter(({ product }) => product.attributes['usagetype']?.endsWith('PublicIPv4:InUseAddress'))
      return { onDemand, usdPerGbMonth: usdOf(disks, 'GB-Mo'), usdPerAddressHour: usdOf(inUse, 'Hrs') }
    },
  }
}
