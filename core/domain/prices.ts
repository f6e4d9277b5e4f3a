import type { PriceTable } from '../contract/catalogue.ts'
import type { Purchase } from '../contract/session.ts'
import {
  type InstanceType,
  instanceType,
  PRICES_AS_OF,
  PRICES_FROM,
  spotEstimate,
  USD_PER_ADDRESS_HOUR,
  USD_PER_GB_MONTH,
} from './catalogue.ts'

/** What things cost, as far as it is known. US dollars, per hour but for the disk. */
export type Prices = {
  /** The day of the price list, and where all of it comes from. */
  asOf: string
  from: string
  onDemand(type: InstanceType): number
  /** Of a zone; of none: in the middle of those that are known. */
  spot(type: InstanceType, zone?: string): number
  /** 0 for what is not in the catalogue. */
  ofMachine(machine: { instance: string; spot: boolean; zone?: string | undefined }): number
  usdPerGbMonth: number
  usdPerAddressHour: number
  /** What is bought, with its price from now on. */
  purchase(bought: Bought): Purchase
}
type Bought = Pick<Purchase, 'instance' | 'zone' | 'spot' | 'diskGb' | 'workspaceGb'>

const minute = (time: string) => `${time.slice(0, 16).replace('T', ' ')} UTC`
const dayOf = (time: string) => time.slice(0, 10)

/** Of an even number, the dearer one: what is planned is rather too much. */
const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const sourceOf = ({ region, listedAt, spotAt }: PriceTable) => {
  const [builtIn = '', estimate = ''] = PRICES_FROM.split('; ')
  const listed = listedAt === undefined ? builtIn : `AWS's price list, Linux on demand, ${region}`
  const market = spotAt === undefined ? estimate : `spot is the market's of ${minute(spotAt)}, in the middle of its zones`
  return `${listed}; ${market}`
}

/** Those that were read, and the built-in ones for what was not. */
export const pricesOf = (table: PriceTable | undefined): Prices => {
  const onDemand = (type: InstanceType) => table?.onDemand[type.instance] ?? type.usdPerHour
  const market = (type: InstanceType, zone: string | undefined) => {
    const zones = table?.spot[type.instance] ?? {}
    return (zone === undefined ? undefined : zones[zone]) ?? middle(Object.values(zones))
  }
  const spot = (type: InstanceType, zone?: string) => market(type, zone) ?? spotEstimate(onDemand(type))
  const ofMachine: Prices['ofMachine'] = ({ instance, spot: isSpot, zone }) => {
    const type = instanceType(instance)
    if (!type) return 0
    return isSpot ? spot(type, zone) : onDemand(type)
  }
  const usdPerGbMonth = table?.usdPerGbMonth ?? USD_PER_GB_MONTH
  const usdPerAddressHour = table?.usdPerAddressHour ?? USD_PER_ADDRESS_HOUR

  const sourceOfMachine = ({ instance, spot: isSpot, zone }: Bought): NonNullable<Purchase['priced']> => {
    const type = instanceType(instance)
    if (isSpot && type && table?.spotAt !== undefined && market(type, zone) !== undefined)
      return { asOf: dayOf(table.spotAt), from: 'spot market' }
    if (isSpot || table?.listedAt === undefined || table.onDemand[instance] === undefined)
      return { asOf: PRICES_AS_OF, from: isSpot ? 'estimate' : 'built-in table' }
    return { asOf: dayOf(table.listedAt), from: 'price list' }
  }

  return {
    asOf: table?.listedAt === undefined ? PRICES_AS_OF : dayOf(table.listedAt),
    from: table === undefined ? PRICES_FROM : sourceOf(table),
    onDemand,
    spot,
    ofMachine,
    usdPerGbMonth,
    usdPerAddressHour,
    purchase: (bought) => ({
      ...bought,
      usdPerHour: ofMachine(bought),
      usdPerGbMonth,
      usdPerAddressHour,
      priced: sourceOfMachine(bought),
    }),
  }
}

export const BUILT_IN_PRICES: Prices = pricesOf(undefined)
