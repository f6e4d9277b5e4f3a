import type { Catalogue } from '../contract/catalogue.ts'
import { CATALOGUE } from '../domain/catalogue.ts'
import { pricesOf } from '../domain/prices.ts'
import type { Ports } from '../ports/ports.ts'

export const getCatalogue = (ports: Pick<Ports, 'prices'>) => async (): Promise<Catalogue> => {
  const prices = pricesOf(await ports.prices.get())
  return {
    types: CATALOGUE.map((type) => ({
      instance: type.instance,
      architecture: type.architecture,
      vcpus: type.vcpus,
      memoryGb: type.memoryGb,
      onDemandUsdPerHour: prices.onDemand(type),
      spotUsdPerHour: prices.spot(type),
    })),
    pricesAsOf: prices.asOf,
    pricesFrom: prices.from,
  }
}
