import type { Workspace } from '../contract/workspace.ts'

export interface WorkspaceStore {
  /** Throws `conflict` when the name is taken. */
  create(workspace: Workspace): Promise<Workspace>
  get(name: string): Promise<Workspace | undefined>
  list(): Promise<Workspace[]>
  /** Throws `held` while a session holds it. Gone already is fine. The data is gone when it resolves. */
  delete(name: string): Promise<void>
  /** One holder by conditional write. False when another session holds it. The same session may hold it again. */
  hold(name: string, session: string): Promise<boolean>
  /** Only the holder releases; anything else is ignored. May be repeated. */
  release(name: string, session: string, used: { base?: string | undefined }): Promise<void>
  /** Where a machine of this runtime finds it. */
  place(name: string): string
}
