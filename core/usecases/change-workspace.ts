import { RemoteError } from '../contract/errors.ts'
import type { MoveWorkspace, ResizeWorkspace, Workspace } from '../contract/workspace.ts'
import type { Ports } from '../ports/ports.ts'
import { getWorkspace, priced } from './get-workspace.ts'

type Needs = Pick<Ports, 'workspaces'>

const shrinking = ({ name, sizeBytes }: Workspace) =>
  new RemoteError('refused', `workspace ${name} has ${sizeBytes} bytes, and a disk cannot become smaller`, {
    hint: 'make a new one, and bring your work there through its repository',
  })

/** A copy of what is in it now, beside it. */
export const snapshotWorkspace =
  (ports: Needs) =>
  async (name: string): Promise<Workspace> => {
    await getWorkspace(ports)(name)
    return priced(await ports.workspaces.snapshot(name))
  }

export const deleteSnapshot =
  (ports: Needs) =>
  async (name: string, snapshot: string): Promise<void> => {
    const { snapshots = [] } = await getWorkspace(ports)(name)
    if (!snapshots.some(({ id }) => id === snapshot))
      throw new RemoteError('not_found', `workspace ${name} has no snapshot ${snapshot}`, {
        hint: `remote workspace show ${name}`,
      })
    await ports.workspaces.deleteSnapshot(name, snapshot)
  }

/** Answers at once; it is there when `movingTo` is gone. */
export const moveWorkspace =
  (ports: Needs) =>
  async (name: string, { zone }: MoveWorkspace): Promise<Workspace> => {
    const workspace = await getWorkspace(ports)(name)
    if (workspace.zone === zone && workspace.movingTo === undefined) return workspace
    return priced(await ports.workspaces.move(name, zone))
  }

export const resizeWorkspace =
  (ports: Needs) =>
  async (name: string, { sizeBytes }: ResizeWorkspace): Promise<Workspace> => {
    const workspace = await getWorkspace(ports)(name)
    if (sizeBytes < workspace.sizeBytes) throw shrinking(workspace)
    return priced(await ports.workspaces.resize(name, sizeBytes))
  }
