import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { instanceType } from '../../core/domain/catalogue.ts'
import type { Prices } from '../../core/domain/prices.ts'
import { unknownType } from '../../core/domain/unknown-type.ts'
import type { Disk } from './workspace-volumes.ts'

/** One launch request, frozen before it is made, so that making it again gives the same machine. */
export type Round = {
  number: number
  spot: boolean
  instance: string
  /** Ordered: the zone that is tried first comes first. */
  subnets: readonly { id: string; zone: string }[]
  maxPriceUsd?: number | undefined
  launchTemplate: { id: string; version: string }
  /** Of the session's workspace: it lies in the zone of all these subnets. */
  disk?: { volume: string; sizeGb: number } | undefined
}

export type Want = Omit<Round, 'number'>

/** `launchTemplates`: for each architecture that the stack was deployed for. */
export type Places = {
  subnets: readonly { id: string; zone: string }[]
  launchTemplates: Readonly<Partial<Record<string, Round['launchTemplate']>>>
}

/** Zones as an attempt would try them. */
export const zonesFor = (session: string, { subnets }: Places): readonly string[] =>
  rotated(subnets, session).map(({ zone }) => zone)

/** Sessions start in different zones, so that one that is short of machines is not everybody's first. */
const rotated = <T>(items: readonly T[], by: string): readonly T[] => {
  const start = [...by].reduce((sum, character) => sum + character.charCodeAt(0), 0) % Math.max(1, items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}

/** What an attempt asks for, in order: spot first where it was asked for, then on demand, as far as the price allows. */
export const wantsOf = ({ id, request }: Session, { subnets, launchTemplates }: Places, prices: Prices, disk?: Disk): Want[] => {
  const type = request.instance === undefined ? undefined : instanceType(request.instance)
  if (!type) throw unknownType(request.instance ?? '')
  const launchTemplate = launchTemplates[type.architecture]
  if (!launchTemplate) {
    throw new RemoteError('refused', `the stack has no launch template for ${type.architecture}, which ${type.instance} is`, {
      hint: `deploy it for that, too: remote cloud deploy --set architectures=${Object.keys(launchTemplates).join(',')},${type.architecture}`,
    })
  }
  const { maxPriceUsd } = request
  const there = disk === undefined ? subnets : subnets.filter(({ zone }) => zone === disk.zone)
  const round = {
    instance: type.instance,
    subnets: rotated(there, id),
    launchTemplate,
    ...(disk && { disk: { volume: disk.volume, sizeGb: disk.sizeGb } }),
  }
  const spot = { ...round, spot: true, maxPriceUsd }
  if (disk && there.length === 0)
    throw new RemoteError('refused', `workspace ${disk.workspace} lies in ${disk.zone}, where the stack has no subnet`, {
      hint: `move it: remote workspace move ${disk.workspace} --zone ${subnets[0]?.zone}`,
    })
  const wants = [
    ...(request.spot ? [spot] : []),
    ...(maxPriceUsd === undefined || prices.onDemand(type) <= maxPriceUsd ? [{ ...round, spot: false }] : []),
  ]
  if (wants.length > 0) return wants
  throw new RemoteError(
    'refused',
    `${type.instance} costs $${prices.onDemand(type)} an hour on demand, and you allow $${maxPriceUsd}`,
    { hint: `allow more with --max-price, or use --spot (about $${prices.spot(type)} an hour)` },
  )
}
