import type { Architecture } from '../contract/runner.ts'

/** What is known without asking AWS: one table, with its date and its source. prices.ts puts what was read since in its place. */
export const PRICES_AS_OF = '2026-11-20'
export const PRICES_FROM = 'AWS EC2 on-demand, Linux, us-east-1; spot is an estimate: typically about 30 % of on-demand'
const SPOT_SHARE = 0.3
/** A public IPv4 address, in use or not. */
export const USD_PER_ADDRESS_HOUR = 0.005
/** gp3, without further throughput. */
export const USD_PER_GB_MONTH = 0.08
/** Of what is stored: a snapshot holds only what was written. */
export const USD_PER_SNAPSHOT_GB_MONTH = 0.05
/** As AWS bills a month of storage. */
export const HOURS_PER_MONTH = 730
/** Our own share, at most: state transitions and calls of one session (about 12 and 30), and an hour of its beats and segments. */
export const USD_PER_LIFECYCLE = 0.0004
export const USD_PER_RUNNING_HOUR = 0.0006

export type InstanceType = {
  instance: string
  architecture: Architecture
  vcpus: number
  memoryGb: number
  usdPerHour: number
}

const sizes = (architecture: Architecture, rows: readonly (readonly [string, number, number, number])[]): InstanceType[] =>
  rows.map(([instance, vcpus, memoryGb, usdPerHour]) => ({ instance, architecture, vcpus, memoryGb, usdPerHour }))

/** Smallest first within an architecture. Name, vCPUs, GB, dollars an hour. */
export const CATALOGUE: readonly InstanceType[] = [
  ...sizes('x64', [
    ['t3.small', 2, 2, 0.0208],
    ['t3.medium', 2, 4, 0.0416],
    ['t3.large', 2, 8, 0.0832],
    ['t3.xlarge', 4, 16, 0.1664],
    ['t3.2xlarge', 8, 32, 0.3328],
    ['m6i.large', 2, 8, 0.096],
    ['m6i.xlarge', 4, 16, 0.192],
    ['m6i.2xlarge', 8, 32, 0.384],
    ['m6i.4xlarge', 16, 64, 0.768],
    ['m6i.8xlarge', 32, 128, 1.536],
    ['m6i.16xlarge', 64, 256, 3.072],
  ]),
  // Graviton: only when it is asked for, because what a project builds or downloads may be for x86-64 alone.
  ...sizes('arm64', [
    ['t4g.small', 2, 2, 0.0168],
    ['t4g.medium', 2, 4, 0.0336],
    ['t4g.large', 2, 8, 0.0672],
    ['t4g.xlarge', 4, 16, 0.1344],
    ['t4g.2xlarge', 8, 32, 0.2688],
    ['c7g.large', 2, 4, 0.0725],
    ['c7g.xlarge', 4, 8, 0.145],
    ['c7g.2xlarge', 8, 16, 0.29],
    ['c7g.4xlarge', 16, 32, 0.58],
    ['c7g.8xlarge', 32, 64, 1.16],
    ['c7g.16xlarge', 64, 128, 2.32],
    ['m7g.large', 2, 8, 0.0816],
    ['m7g.xlarge', 4, 16, 0.1632],
    ['m7g.2xlarge', 8, 32, 0.3264],
    ['m7g.4xlarge', 16, 64, 0.6528],
    ['m7g.8xlarge', 32, 128, 1.3056],
    ['m7g.16xlarge', 64, 256, 2.6112],
  ]),
]

/** Those that a task may be given without asking. */
export const USUAL_TYPES: readonly InstanceType[] = CATALOGUE.filter(({ architecture }) => architecture === 'x64')

export const instanceType = (name: string) => CATALOGUE.find((type) => type.instance === name)

export const smallestOf = (architecture: Architecture): InstanceType => {
  const found = CATALOGUE.find((type) => type.architecture === architecture)
  if (!found) throw new Error(`there are no types of ${architecture}`)
  return found
}

/** Of an on-demand price, until the market was asked. */
export const spotEstimate = (onDemandUsd: number) => Math.round(onDemandUsd * SPOT_SHARE * 10_000) / 10_000
