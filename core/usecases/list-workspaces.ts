import type { Ports } from '../ports/ports.ts'

export const listWorkspaces =
  ({ workspaces }: Pick<Ports, 'workspaces'>) =>
  async () => ({ workspaces: await workspaces.list() })
