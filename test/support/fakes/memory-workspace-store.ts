import { RemoteError } from '../../../core/contract/errors.ts'
import type { Workspace } from '../../../core/contract/workspace.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import type { WorkspaceStore } from '../../../core/ports/workspace-store.ts'

export const memoryWorkspaceStore = (clock: Clock): WorkspaceStore => {
  const workspaces = new Map<string, Workspace>()
  return {
    create: async (workspace) => {
      if (workspaces.has(workspace.name)) {
        throw new RemoteError('conflict', `there is a workspace named ${workspace.name} already`, { hint: 'choose another name' })
      }
      workspaces.set(workspace.name, structuredClone(workspace))
      return workspace
    },
    get: async (name) => structuredClone(workspaces.get(name)),
    list: async () =>
      [...workspaces.values()].map((workspace) => structuredClone(workspace)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    delete: async (name) => {
      const holder = workspaces.get(name)?.heldBy
      if (holder)
        throw new RemoteError('held', `session ${holder} holds the workspace ${name}`, { hint: `remote terminate ${holder}` })
      workspaces.delete(name)
    },
    hold: async (name, session) => {
      const workspace = workspaces.get(name)
      if (!workspace || (workspace.heldBy !== undefined && workspace.heldBy !== session)) return false
      workspaces.set(name, { ...workspace, heldBy: session })
      return true
    },
    release: async (name, session, { base }) => {
      const workspace = workspaces.get(name)
      if (workspace?.heldBy !== session) return
      const { heldBy: _, ...free } = workspace
      workspaces.set(name, { ...free, lastUsedAt: new Date(clock.now()).toISOString(), ...(base === undefined ? {} : { base }) })
    },
    place: (name) => `/workspaces/${name}`,
  }
}
