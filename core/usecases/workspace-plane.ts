import type { Ports } from '../ports/ports.ts'
import { deleteSnapshot, moveWorkspace, resizeWorkspace, snapshotWorkspace } from './change-workspace.ts'
import { createWorkspace } from './create-workspace.ts'
import { deleteWorkspace } from './delete-workspace.ts'
import { getWorkspace } from './get-workspace.ts'
import { listWorkspaces } from './list-workspaces.ts'
import type { Settings } from './settings.ts'

/** Use cases of workspaces: where disks are, they are a function's of their own. */
export const workspacePlane = (
  ports: Pick<Ports, 'workspaces' | 'prices' | 'audit' | 'ids' | 'clock'>,
  settings: Pick<Settings, 'runtimes'>,
) => ({
  createWorkspace: createWorkspace(ports, settings),
  listWorkspaces: listWorkspaces(ports),
  getWorkspace: getWorkspace(ports),
  deleteWorkspace: deleteWorkspace(ports),
  snapshotWorkspace: snapshotWorkspace(ports),
  deleteSnapshot: deleteSnapshot(ports),
  moveWorkspace: moveWorkspace(ports),
  resizeWorkspace: resizeWorkspace(ports),
})
export type WorkspacePlane = ReturnType<typeof workspacePlane>
