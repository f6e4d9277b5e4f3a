import type { Listed, SpotPrice } from '../domain/believed-prices.ts'

/** Where prices come from. Nothing it answers is believed yet. */
export interface Market {
  region: string
  /** The price list's, on demand. What it does not know is left out. Throws `unavailable`. */
  listed(instances: readonly string[]): Promise<Listed>
  /** What each type costs in each zone at this moment. Throws `unavailable`. */
  spot(instances: readonly string[]): Promise<SpotPrice[]>
}
