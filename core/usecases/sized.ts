import type { Dispatch } from '../contract/dispatch.ts'
import { RemoteError } from '../contract/remote-error.ts'
import { machinePlan } from '../domain/machine-plan.ts'
import { pricesOf } from '../domain/prices.ts'
import type { Ports } from '../ports/ports.ts'

/** The request with the machine it will get: named already, or chosen by its task within its price. The user's own machines have no sizes. */
export const sized = async ({ prices }: Pick<Ports, 'prices'>, ask: Dispatch): Promise<{ ask: Dispatch; why?: string }> => {
  if (!ask.runtime.startsWith('cloud')) return { ask }
  // It buys none.
  if (ask.with !== undefined) return { ask }
  // A named type is the user's own choice: whether the market sells it at that price is known when it is launched.
  if (ask.instance !== undefined) return { ask }
  const { candidates, reason } = machinePlan(ask, pricesOf(await prices.get()))
  const chosen = candidates.find((candidate) => candidate.chosen)
  if (!chosen)
    throw new RemoteError('refused', `nothing is sold at ${ask.maxPriceUsd} US dollars an hour`, {
      hint: 'see what things cost: remote plan "…"; allow more with --max-price, or use --spot',
    })
  return { ask: { ...ask, instance: chosen.instance }, why: reason }
}
