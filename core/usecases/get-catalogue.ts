import type { Catalogue } from '../contract/catalogue.ts'
import { CATALOGUE, PRICES_AS_OF, PRICES_FROM, spotUsdPerHour } from '../domain/catalogue.ts'

export const getCatalogue = () => async (): Promise<Catalogue> => ({
  types: CATALOGUE.map((type) => ({
    instance: type.instance,
    architecture: type.architecture,
    vcpus: type.vcpus,
    memoryGb: type.memoryGb,
    onDemandUsdPerHour: type.usdPerHour,
    spotUsdPerHour: spotUsdPerHour(type),
  })),
  pricesAsOf: PRICES_AS_OF,
  pricesFrom: PRICES_FROM,
})
