import * as z from 'zod'
import { SessionId, WorkspaceName } from './ids.ts'

export const CreateWorkspace = z.object({
  name: WorkspaceName,
  runtime: z.string().default('local'),
  sizeBytes: z
    .int()
    .positive()
    .max(64 * 1024 ** 4)
    .default(20 * 1024 ** 3),
})
export type CreateWorkspace = z.infer<typeof CreateWorkspace>

/** Named persistent disk that outlives sessions; one machine at a time holds it. */
export const Workspace = z.object({
  name: WorkspaceName,
  runtime: z.string(),
  sizeBytes: z.int(),
  usedBytes: z.int().optional(),
  createdAt: z.string(),
  lastUsedAt: z.string().optional(),
  heldBy: SessionId.optional(),
  /** Snapshot commit of the user's that it last took in. */
  base: z.string().optional(),
})
export type Workspace = z.infer<typeof Workspace>
export const WorkspaceList = z.object({ workspaces: z.array(Workspace) })
