import { RemoteError } from '../contract/remote-error.ts'
import type { Workspace } from '../contract/workspace.ts'
import { wholeGb } from '../domain/money.ts'
import { pricesOf } from '../domain/prices.ts'
import type { Ports } from '../ports/ports.ts'

/** With what they cost, where that is anything. */
export const withPrices = async ({ prices }: Pick<Ports, 'prices'>, workspaces: readonly Workspace[]): Promise<Workspace[]> => {
  if (workspaces.every(({ volume }) => volume === undefined)) return [...workspaces]
  const { usdPerGbMonth } = pricesOf(await prices.get())
  return workspaces.map((workspace) =>
    workspace.volume === undefined ? workspace : { ...workspace, usdPerMonth: wholeGb(workspace.sizeBytes) * usdPerGbMonth },
  )
}

export const withPrice = async (ports: Pick<Ports, 'prices'>, workspace: Workspace): Promise<Workspace> => {
  const [priced = workspace] = await withPrices(ports, [workspace])
  return priced
}

export const getWorkspace =
  (ports: Pick<Ports, 'workspaces' | 'prices'>) =>
  async (name: string): Promise<Workspace> => {
    const workspace = await ports.workspaces.get(name)
    if (workspace) return withPrice(ports, workspace)
    throw new RemoteError('not_found', `there is no workspace ${name}`, { hint: 'list them: remote workspace list' })
  }
