import type { Ports } from '../ports/ports.ts'
import { withPrices } from './get-workspace.ts'

export const listWorkspaces = (ports: Pick<Ports, 'workspaces' | 'prices'>) => async () => ({
  workspaces: await withPrices(ports, await ports.workspaces.list()),
})
