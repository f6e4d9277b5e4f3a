import { RemoteError } from '../contract/errors.ts'
import type { CreateWorkspace, Workspace } from '../contract/workspace.ts'
import type { Ports } from '../ports/ports.ts'
import type { Settings } from './settings.ts'

/** Throws `conflict` when the name is taken. */
export const createWorkspace =
  ({ workspaces, clock }: Pick<Ports, 'workspaces' | 'clock'>, { runtimes }: Settings) =>
  async ({ name, runtime, sizeBytes }: CreateWorkspace): Promise<Workspace> => {
    if (!runtimes.includes(runtime)) {
      throw new RemoteError('not_supported', `workspaces cannot be on ${runtime} from here`, {
        hint: `known: ${runtimes.join(', ')}`,
      })
    }
    return workspaces.create({ name, runtime, sizeBytes, createdAt: new Date(clock.now()).toISOString() })
  }
