import type { Ports } from '../ports/ports.ts'
import { priced } from './get-workspace.ts'

export const listWorkspaces =
  ({ workspaces }: Pick<Ports, 'workspaces'>) =>
  async () => ({ workspaces: (await workspaces.list()).map(priced) })
