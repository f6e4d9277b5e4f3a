import type { Candidate, Plan, PlanRequest } from '../contract/plan.ts'
import { CATALOGUE, type InstanceType, PRICES_AS_OF, PRICES_FROM, spotUsdPerHour } from './catalogue.ts'
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

const priceOf = (ask: PlanRequest, type: InstanceType) => (ask.spot ? spotUsdPerHour(type) : type.usdPerHour)

const usd = (amount: number) => `$${amount < 0.1 ? amount.toFixed(4) : amount.toFixed(2)}`

const candidate = (ask: PlanRequest, type: InstanceType, chosen: InstanceType | undefined, reason: string): Candidate => {
  const isTooDear = ask.maxPriceUsd !== undefined && priceOf(ask, type) > ask.maxPriceUsd
  const hours = (ask.ttlSeconds ?? 3600) / 3600
  const whole = `${usd(priceOf(ask, type) * hours)} for ${hours === 1 ? 'an hour' : `${Math.round(hours * 100) / 100} hours`}`
  const size = chosen && type.usdPerHour < chosen.usdPerHour ? 'cheaper and slower' : 'more than the task seems to need'
  return {
    runtime: 'cloud',
    instance: type.instance,
    vcpus: type.vcpus,
    memoryGb: type.memoryGb,
    onDemandUsdPerHour: type.usdPerHour,
    spotUsdPerHour: spotUsdPerHour(type),
    chosen: type === chosen,
    why: isTooDear ? 'over the price you allow' : `${type === chosen ? reason : size}; ${whole}`,
  }
}

/** Priced candidates, the chosen one and its neighbours. A price limit that excludes the right size takes the largest within it. */
export const machinePlan = (ask: PlanRequest): Plan => {
  const { type: wanted, reason } = sizeFor(ask)
  const limit = ask.maxPriceUsd ?? Number.POSITIVE_INFINITY
  const comparable = CATALOGUE.filter(({ architecture }) => architecture === wanted.architecture)
  const affordable = comparable.filter((type) => priceOf(ask, type) <= limit && type.usdPerHour <= wanted.usdPerHour)
  const chosen = priceOf(ask, wanted) <= limit ? wanted : affordable.toSorted((a, b) => b.usdPerHour - a.usdPerHour)[0]
  const byPrice = comparable.toSorted((a, b) => a.usdPerHour - b.usdPerHour)
  const at = byPrice.indexOf(wanted)
  const near = new Set([...byPrice.slice(Math.max(0, at - 2), at + 3), ...(chosen ? [chosen] : [])])
  const why =
    chosen === wanted
      ? reason
      : `${reason}; ${chosen ? `${chosen.instance} is the largest within` : 'nothing costs less than'} ${usd(limit)} an hour`
  const candidates = byPrice.filter((type) => near.has(type)).map((type) => candidate(ask, type, chosen, why))
  return { candidates: [...candidates, HERE], reason: why, pricesAsOf: PRICES_AS_OF, pricesFrom: PRICES_FROM }
}
