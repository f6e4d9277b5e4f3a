import { RemoteError } from '../../../core/contract/remote-error.ts'
import type { Workspace } from '../../../core/contract/workspace.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import type { WorkspaceStore } from '../../../core/ports/workspace-store.ts'

export const memoryWorkspaceStore = (clock: Clock): WorkspaceStore => {
  const workspaces = new Map<string, Workspace>()
  let taken = 0
  const free = (name: string): Workspace => {
    const workspace = workspaces.get(name)
    if (!workspace) throw new RemoteError('not_found', `there is no workspace ${name}`)
    if (workspace.heldBy !== undefined) throw new RemoteError('held', `session ${workspace.heldBy} holds the workspace ${name}`)
    return workspace
  }
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
    snapshot: async (name) => {
      const workspace = free(name)
      const id = `snap-${++taken}`
      const made = { id, createdAt: new Date(clock.now()).toISOString(), sizeBytes: workspace.sizeBytes }
      const next = { ...workspace, snapshots: [...(workspace.snapshots ?? []), made] }
      workspaces.set(name, next)
      return structuredClone(next)
    },
    deleteSnapshot: async (name, snapshot) => {
      const workspace = free(name)
      workspaces.set(name, { ...workspace, snapshots: (workspace.snapshots ?? []).filter(({ id }) => id !== snapshot) })
    },
    move: async () => {
      throw new RemoteError('not_supported', 'there are no zones here', { hint: 'none' })
    },
    resize: async (name, sizeBytes) => {
      const next = { ...free(name), sizeBytes }
      workspaces.set(name, next)
      return structuredClone(next)
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
