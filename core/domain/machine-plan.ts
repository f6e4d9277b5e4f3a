import type { Candidate, Plan, PlanRequest } from '../contract/plan.ts'
import { CATALOGUE, type InstanceType } from './catalogue.ts'
import type { Prices } from './prices.ts'
import { sizeFor } from './sizing.ts'

const HERE: Candidate = {
  runtime: 'local',
  instance: 'this machine',
  vcpus: 0,
  memoryGb: 0,
  onDemandUsdPerHour: 0,
  chosen: false,
  why: 'costs nothing by the hour; as strong as it is',
}

const priceOf = (ask: PlanRequest, type: InstanceType, prices: Prices) => (ask.spot ? prices.spot(type) : prices.onDemand(type))

const usd = (amount: number) => `$${amount < 0.1 ? amount.toFixed(4) : amount.toFixed(2)}`

type Choice = { type: InstanceType | undefined; why: string }

const candidate = (ask: PlanRequest, type: InstanceType, { type: chosen, why }: Choice, prices: Prices): Candidate => {
  const isTooDear = ask.maxPriceUsd !== undefined && priceOf(ask, type, prices) > ask.maxPriceUsd
  const hours = (ask.ttlSeconds ?? 3600) / 3600
  const whole = `${usd(priceOf(ask, type, prices) * hours)} for ${hours === 1 ? 'an hour' : `${Math.round(hours * 100) / 100} hours`}`
  const size =
    chosen && prices.onDemand(type) < prices.onDemand(chosen) ? 'cheaper and slower' : 'more than the task seems to need'
  return {
    runtime: 'cloud',
    instance: type.instance,
    vcpus: type.vcpus,
    memoryGb: type.memoryGb,
    onDemandUsdPerHour: prices.onDemand(type),
    spotUsdPerHour: prices.spot(type),
    chosen: type === chosen,
    why: isTooDear ? 'over the price you allow' : `${type === chosen ? why : size}; ${whole}`,
  }
}

/** Priced candidates, the chosen one and its neighbours. A price limit that excludes the right size takes the largest within it. */
export const machinePlan = (ask: PlanRequest, prices: Prices): Plan => {
  const { type: wanted, reason } = sizeFor(ask)
  const limit = ask.maxPriceUsd ?? Number.POSITIVE_INFINITY
  const comparable = CATALOGUE.filter(({ architecture }) => architecture === wanted.architecture)
  const price = (type: InstanceType) => priceOf(ask, type, prices)
  const largestFirst = comparable.toSorted((a, b) => prices.onDemand(b) - prices.onDemand(a))
  const affordable = largestFirst.find((type) => price(type) <= limit && prices.onDemand(type) <= prices.onDemand(wanted))
  const chosen = price(wanted) <= limit ? wanted : affordable
  const byPrice = largestFirst.toReversed()
  const at = byPrice.indexOf(wanted)
  const near = new Set([...byPrice.slice(Math.max(0, at - 2), at + 3), ...(chosen ? [chosen] : [])])
  const why =
    chosen === wanted
      ? reason
      : `${reason}; ${chosen ? `${chosen.instance} is the largest within` : 'nothing costs less than'} ${usd(limit)} an hour`
  const candidates = byPrice.filter((type) => near.has(type)).map((type) => candidate(ask, type, { type: chosen, why }, prices))
  return { candidates: [...candidates, HERE], reason: why, pricesAsOf: prices.asOf, pricesFrom: prices.from }
}
