import { RemoteError } from '../contract/errors.ts'
import type { Workspace } from '../contract/workspace.ts'
import { volumeUsdPerMonth } from '../domain/money.ts'
import type { Ports } from '../ports/ports.ts'

/** With what it costs, where that is anything. */
export const priced = (workspace: Workspace): Workspace =>
  workspace.volume === undefined ? workspace : { ...workspace, usdPerMonth: volumeUsdPerMonth(workspace.sizeBytes) }

export const getWorkspace =
  ({ workspaces }: Pick<Ports, 'workspaces'>) =>
  async (name: string): Promise<Workspace> => {
    const workspace = await workspaces.get(name)
    if (workspace) return priced(workspace)
    throw new RemoteError('not_found', `there is no workspace ${name}`, { hint: 'list them: remote workspace list' })
  }
