import type { PriceTable, ReadPrices } from '../contract/catalogue.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'
import type { Settings } from './settings.ts'

/** As they are stored, for another control plane of the caller's. */
export const readPrices =
  ({ prices }: Pick<Ports, 'prices'>) =>
  async (): Promise<ReadPrices> => ({ table: (await prices.get()) ?? null })

/** What another control plane has read, to plan with here. Older than what is here, it changes nothing. */
export const takePrices =
  (ports: Pick<Ports, 'prices' | 'audit' | 'ids' | 'clock'>, { readsPrices }: Pick<Settings, 'readsPrices'>) =>
  async (table: PriceTable, by: string): Promise<void> => {
    if (readsPrices)
      throw new RemoteError('not_supported', 'this control plane reads prices itself', {
        hint: 'see them: remote catalogue',
      })
    const known = await ports.prices.get()
    if (known?.region === table.region && (known.spotAt ?? '') > (table.spotAt ?? '')) return
    await audited(ports)({ by, what: 'prices take', on: 'prices', detail: { region: table.region } }, () =>
      ports.prices.put(table),
    )
  }
