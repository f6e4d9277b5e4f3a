import { DescribeSpotPriceHistoryCommand, type EC2Client, type SpotPrice as Offer } from '@aws-sdk/client-ec2'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { SpotPrice } from '../../core/domain/believed-prices.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Market } from '../../core/ports/market.ts'

/** The same machines under both names: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html */
const LINUX = ['Linux/UNIX', 'Linux/UNIX (Amazon VPC)']

/** The spot market as it is: a range that begins and ends now has of each price the one that holds. */
export const openSpotMarket = (ec2: EC2Client, clock: Clock): Pick<Market, 'spot'> => ({
  spot: async (instances) => {
    const now = new Date(clock.now())
    const ask = { InstanceTypes: [...instances] as never[], ProductDescriptions: LINUX, StartTime: now, EndTime: now }
    const newest = new Map<string, { at: number; price: SpotPrice }>()
    const take = ({ InstanceType: instance, AvailabilityZone: zone, SpotPrice: usd, Timestamp }: Offer) => {
      if (instance === undefined || zone === undefined) return
      const at = Timestamp?.getTime() ?? 0
      const key = `${instance} ${zone}`
      const known = newest.get(key)
      if (!known || at > known.at) newest.set(key, { at, price: { instance, zone, usdPerHour: Number(usd) } })
    }
    let NextToken: string | undefined
    do {
      const page = await ec2.send(new DescribeSpotPriceHistoryCommand({ ...ask, ...(NextToken && { NextToken }) }))
      for (const offer of page.SpotPriceHistory ?? []) take(offer)
      NextToken = page.NextToken
    } while (NextToken)
    // As good as no answer: machines that nobody may buy would be said to cost what they are guessed at.
    if (newest.size === 0)
      throw new RemoteError('unavailable', 'the spot market names no machine', { hint: 'it is asked again in an hour' })
    return [...newest.values()].map(({ price }) => price)
  },
})
