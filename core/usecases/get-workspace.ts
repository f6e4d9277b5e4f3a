import { RemoteError } from '../contract/errors.ts'
import type { Workspace } from '../contract/workspace.ts'
import type { Ports } from '../ports/ports.ts'

export const getWorkspace =
  ({ workspaces }: Pick<Ports, 'workspaces'>) =>
  async (name: string): Promise<Workspace> => {
    const workspace = await workspaces.get(name)
    if (workspace) return workspace
    throw new RemoteError('not_found', `there is no workspace ${name}`, { hint: 'list them: remote workspace list' })
  }
