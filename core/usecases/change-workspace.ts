import { RemoteError } from '../contract/remote-error.ts'
import type { MoveWorkspace, ResizeWorkspace, Workspace } from '../contract/workspace.ts'
import { wholeGb } from '../domain/money.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'
import { getWorkspace, withPrice } from './get-workspace.ts'

type Needs = Pick<Ports, 'workspaces' | 'prices' | 'audit' | 'ids' | 'clock'>

const shrinking = ({ name, sizeBytes }: Workspace) =>
  new RemoteError('refused', `workspace ${name} has ${wholeGb(sizeBytes)} GB, and a disk cannot become smaller`, {
    hint: 'make a new one, and bring your work there through its repository',
  })

/** A copy of what is in it now, beside it. */
export const snapshotWorkspace =
  (ports: Needs) =>
  async (name: string, by: string): Promise<Workspace> => {
    await getWorkspace(ports)(name)
    const asked = { by, what: 'workspace snapshot', on: `workspace ${name}` }
    return withPrice(ports, await audited(ports)(asked, () => ports.workspaces.snapshot(name)))
  }

export const deleteSnapshot =
  (ports: Needs) =>
  async (name: string, snapshot: string, by: string): Promise<void> => {
    const { snapshots = [] } = await getWorkspace(ports)(name)
    if (!snapshots.some(({ id }) => id === snapshot))
      throw new RemoteError('not_found', `workspace ${name} has no snapshot ${snapshot}`, {
        hint: `remote workspace show ${name}`,
      })
    const asked = { by, what: 'workspace snapshot delete', on: `workspace ${name}`, detail: { snapshot } }
    await audited(ports)(asked, () => ports.workspaces.deleteSnapshot(name, snapshot))
  }

/** Answers at once; it is there when `movingTo` is gone. */
export const moveWorkspace =
  (ports: Needs) =>
  async (name: string, { zone }: MoveWorkspace, by: string): Promise<Workspace> => {
    const workspace = await getWorkspace(ports)(name)
    if (workspace.zone === zone && workspace.movingTo === undefined) return workspace
    const asked = { by, what: 'workspace move', on: `workspace ${name}`, detail: { zone } }
    const endOf = ({ movingTo }: Workspace) => (movingTo === undefined ? 'done' : 'begun')
    return withPrice(ports, await audited(ports)(asked, () => ports.workspaces.move(name, zone), endOf))
  }

export const resizeWorkspace =
  (ports: Needs) =>
  async (name: string, { sizeBytes }: ResizeWorkspace, by: string): Promise<Workspace> => {
    const workspace = await getWorkspace(ports)(name)
    if (sizeBytes < workspace.sizeBytes) throw shrinking(workspace)
    const asked = { by, what: 'workspace resize', on: `workspace ${name}`, detail: { sizeBytes } }
    return withPrice(ports, await audited(ports)(asked, () => ports.workspaces.resize(name, sizeBytes)))
  }
