import type { Ports } from '../ports/ports.ts'
import { getWorkspace } from './get-workspace.ts'

/** The data is gone when it resolves. Throws `held` while a session holds it. */
export const deleteWorkspace =
  (ports: Pick<Ports, 'workspaces'>) =>
  async (name: string): Promise<void> => {
    // A mistyped name must not look like a success.
    await getWorkspace(ports)(name)
    await ports.workspaces.delete(name)
  }
