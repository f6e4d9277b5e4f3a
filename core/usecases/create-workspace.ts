import { RemoteError } from '../contract/errors.ts'
import type { CreateWorkspace, Workspace } from '../contract/workspace.ts'
import type { Ports } from '../ports/ports.ts'
import type { Settings } from './settings.ts'

/** Throws `conflict` when the name is taken. */
export const createWorkspace =
  ({ workspaces, clock }: Pick<Ports, 'workspaces' | 'clock'>, { runtimes }: Pick<Settings, 'runtimes'>) =>
  async ({ name, runtime, sizeBytes, snapshot }: CreateWorkspace): Promise<Workspace> => {
    if (!runtimes.includes(runtime)) {
      throw new RemoteError('not_supported', `workspaces cannot be on ${runtime} from here`, {
        hint: `known: ${runtimes.join(', ')}`,
      })
    }
    const workspace = { name, runtime, sizeBytes, createdAt: new Date(clock.now()).toISOString() }
    if (snapshot === undefined) return workspaces.create(workspace)
    const known = (await workspaces.list()).flatMap(({ snapshots = [] }) => snapshots).find(({ id }) => id === snapshot)
    if (!known)
      throw new RemoteError('not_found', `there is no snapshot ${snapshot}`, {
        hint: 'they are shown with: remote workspace show NAME',
      })
    return workspaces.create({ ...workspace, sizeBytes: Math.max(sizeBytes, known.sizeBytes) }, snapshot)
  }
