import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'
import { getWorkspace } from './get-workspace.ts'

/** The data is gone when it resolves. Throws `held` while a session holds it. */
export const deleteWorkspace =
  (ports: Pick<Ports, 'workspaces' | 'prices' | 'audit' | 'ids' | 'clock'>) =>
  async (name: string, by: string): Promise<void> => {
    // A mistyped name must not look like a success.
    await getWorkspace(ports)(name)
    await audited(ports)({ by, what: 'workspace delete', on: `workspace ${name}` }, () => ports.workspaces.delete(name))
  }
