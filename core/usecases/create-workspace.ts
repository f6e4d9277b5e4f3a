import { RemoteError } from '../contract/remote-error.ts'
import type { CreateWorkspace, Workspace } from '../contract/workspace.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'
import type { Settings } from './settings.ts'

/** Throws `conflict` when the name is taken. */
export const createWorkspace =
  (ports: Pick<Ports, 'workspaces' | 'audit' | 'ids' | 'clock'>, { runtimes }: Pick<Settings, 'runtimes'>) =>
  async ({ name, runtime, sizeBytes, snapshot }: CreateWorkspace, by: string): Promise<Workspace> => {
    const { workspaces, clock } = ports
    if (!runtimes.includes(runtime)) {
      throw new RemoteError('not_supported', `workspaces cannot be on ${runtime} from here`, {
        hint: `known: ${runtimes.join(', ')}`,
      })
    }
    const workspace = { name, runtime, sizeBytes, createdAt: new Date(clock.now()).toISOString() }
    const detail = { runtime, sizeBytes, ...(snapshot !== undefined && { snapshot }) }
    const create = (wanted: Workspace) =>
      audited(ports)({ by, what: 'workspace create', on: `workspace ${name}`, detail }, () => workspaces.create(wanted, snapshot))
    if (snapshot === undefined) return create(workspace)
    const known = (await workspaces.list()).flatMap(({ snapshots = [] }) => snapshots).find(({ id }) => id === snapshot)
    if (!known)
      throw new RemoteError('not_found', `there is no snapshot ${snapshot}`, {
        hint: 'they are shown with: remote workspace show NAME',
      })
    return create({ ...workspace, sizeBytes: Math.max(sizeBytes, known.sizeBytes) })
  }
