import type { Workspace } from '../contract/workspace.ts'

export interface WorkspaceStore {
  /** Throws `conflict` when the name is taken. `snapshot`: of another workspace, what lies in it from the start. */
  create(workspace: Workspace, snapshot?: string): Promise<Workspace>
  get(name: string): Promise<Workspace | undefined>
  list(): Promise<Workspace[]>
  /** Throws `held` while a session holds it. Gone already is fine. The data is gone when it resolves. */
  delete(name: string): Promise<void>
  /** Keeps what lies in it now, beside it, until it or the snapshot is deleted. Throws `held` while a session holds it. */
  snapshot(name: string): Promise<Workspace>
  /** Gone already is fine. */
  deleteSnapshot(name: string, snapshot: string): Promise<void>
  /** Begins to bring it to another zone with all that is in it. Throws `held`, and `not_supported` where there are no zones. May be repeated. */
  move(name: string, zone: string): Promise<Workspace>
  /** Never smaller: throws `refused`. */
  resize(name: string, sizeBytes: number): Promise<Workspace>
  /** One holder by conditional write. False when another session holds it. The same session may hold it again. */
  hold(name: string, session: string): Promise<boolean>
  /** Only the holder releases; anything else is ignored. May be repeated. */
  release(name: string, session: string, used: { base?: string | undefined }): Promise<void>
  /** Where a machine of this runtime finds it. Two that one machine can have at the same time are in different places. */
  place(name: string): string
}
