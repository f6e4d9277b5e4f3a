import { RemoteError } from '../../core/contract/errors.ts'
import type { Session } from '../../core/contract/session.ts'
import { instanceType, spotUsdPerHour } from '../../core/domain/catalogue.ts'

/** One launch request, frozen before it is made, so that making it again gives the same machine. */
export type Round = {
  number: number
  spot: boolean
  instance: string
  /** Ordered: the zone that is tried first comes first. */
  subnets: readonly { id: string; zone: string }[]
  maxPriceUsd?: number | undefined
  launchTemplate: { id: string; version: string }
}

export type Want = Omit<Round, 'number'>

export type Places = {
  subnets: readonly { id: string; zone: string }[]
  launchTemplate: { id: string; version: string }
}

/** Sessions start in different zones, so that one that is short of machines is not everybody's first. */
const rotated = <T>(items: readonly T[], by: string): readonly T[] => {
  const start = [...by].reduce((sum, character) => sum + character.charCodeAt(0), 0) % Math.max(1, items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}

/** What an attempt asks for, in order: spot first where it was asked for, then on demand, as far as the price allows. */
export const wantsOf = ({ id, request }: Session, { subnets, launchTemplate }: Places): Want[] => {
  const type = request.instance === undefined ? undefined : instanceType(request.instance)
  if (!type)
    throw new RemoteError('refused', `there is no instance type ${request.instance}`, {
      hint: 'see what there is: remote plan "…"',
    })
  const { maxPriceUsd } = request
  const round = { instance: type.instance, subnets: rotated(subnets, id), launchTemplate }
  const spot = { ...round, spot: true, maxPriceUsd }
  const wants = [
    ...(request.spot ? [spot] : []),
    ...(maxPriceUsd === undefined || type.usdPerHour <= maxPriceUsd ? [{ ...round, spot: false }] : []),
  ]
  if (wants.length > 0) return wants
  throw new RemoteError(
    'refused',
    `${type.instance} costs $${type.usdPerHour} an hour on demand, and you allow $${maxPriceUsd}`,
    { hint: `allow more with --max-price, or use --spot (about $${spotUsdPerHour(type)} an hour)` },
  )
}
