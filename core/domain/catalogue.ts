/** Prices change: one table, with its date and its source, and every answer that uses it says both. */
export const PRICES_AS_OF = '2026-11-20'
export const PRICES_FROM = 'AWS EC2 on-demand, Linux, us-east-1; spot is an estimate: typically about 30 % of on-demand'
const SPOT_SHARE = 0.3
/** A public IPv4 address, in use or not. */
export const USD_PER_ADDRESS_HOUR = 0.005
/** gp3, without further throughput. */
export const USD_PER_GB_MONTH = 0.08
/** As AWS bills a month of storage. */
export const HOURS_PER_MONTH = 730
/** Our own share, at most: state transitions and calls of one session (about 12 and 30), and an hour of its beats and segments. */
export const USD_PER_LIFECYCLE = 0.0004
export const USD_PER_RUNNING_HOUR = 0.0006

export type InstanceType = { instance: string; vcpus: number; memoryGb: number; usdPerHour: number }

/** Smallest first. */
export const CATALOGUE: readonly InstanceType[] = [
  { instance: 't3.small', vcpus: 2, memoryGb: 2, usdPerHour: 0.0208 },
  { instance: 't3.medium', vcpus: 2, memoryGb: 4, usdPerHour: 0.0416 },
  { instance: 't3.large', vcpus: 2, memoryGb: 8, usdPerHour: 0.0832 },
  { instance: 't3.xlarge', vcpus: 4, memoryGb: 16, usdPerHour: 0.1664 },
  { instance: 't3.2xlarge', vcpus: 8, memoryGb: 32, usdPerHour: 0.3328 },
  { instance: 'm6i.large', vcpus: 2, memoryGb: 8, usdPerHour: 0.096 },
  { instance: 'm6i.xlarge', vcpus: 4, memoryGb: 16, usdPerHour: 0.192 },
  { instance: 'm6i.2xlarge', vcpus: 8, memoryGb: 32, usdPerHour: 0.384 },
  { instance: 'm6i.4xlarge', vcpus: 16, memoryGb: 64, usdPerHour: 0.768 },
  { instance: 'm6i.8xlarge', vcpus: 32, memoryGb: 128, usdPerHour: 1.536 },
  { instance: 'm6i.16xlarge', vcpus: 64, memoryGb: 256, usdPerHour: 3.072 },
]

export const instanceType = (name: string) => CATALOGUE.find((type) => type.instance === name)

/** An estimate: the market decides. */
export const spotUsdPerHour = (type: InstanceType) => Math.round(type.usdPerHour * SPOT_SHARE * 10_000) / 10_000

/** US dollars per hour of what a request asks for; 0 when it names nothing of the catalogue. */
export const usdPerHourOf = (request: { instance?: string | undefined; spot: boolean }): number => {
  const type = request.instance === undefined ? undefined : instanceType(request.instance)
  if (!type) return 0
  return request.spot ? spotUsdPerHour(type) : type.usdPerHour
}
