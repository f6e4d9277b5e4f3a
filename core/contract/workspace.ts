import * as z from 'zod'
import { SNAPSHOT_ID } from './id-patterns.ts'
import { SessionId, WorkspaceName } from './ids.ts'
import { Day } from './session.ts'

/** As much as a gp3 volume can have. */
const SizeBytes = z
  .int()
  .positive()
  .max(64 * 1024 ** 4)
const SnapshotId = z.string().regex(SNAPSHOT_ID)
export const Zone = z.string().regex(/^[a-z0-9-]{1,40}$/)

export const CreateWorkspace = z.object({
  name: WorkspaceName,
  runtime: z.string().default('local'),
  sizeBytes: SizeBytes.default(20 * 1024 ** 3),
  /** A snapshot of a workspace: what lies in this one from the start. */
  snapshot: SnapshotId.optional(),
})
export type CreateWorkspace = z.infer<typeof CreateWorkspace>

export const Snapshot = z.object({ id: SnapshotId, createdAt: z.string(), sizeBytes: z.int() })
export type Snapshot = z.infer<typeof Snapshot>

export const MoveWorkspace = z.object({ zone: Zone })
export type MoveWorkspace = z.infer<typeof MoveWorkspace>

export const ResizeWorkspace = z.object({ sizeBytes: SizeBytes })
export type ResizeWorkspace = z.infer<typeof ResizeWorkspace>

/** What of a disk is in the ledger: all up to `countedTo`, of which `dayUsd` on the UTC day `day`. */
export const DiskAccount = z.object({ since: z.string(), countedTo: z.string(), day: Day, dayUsd: z.number() })
export type DiskAccount = z.infer<typeof DiskAccount>

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
  /** Where its disk lies, and which one it is: in a cloud, from its first session on. */
  zone: z.string().optional(),
  volume: z.string().optional(),
  /** Its disk is on the way there; until then nobody gets it. */
  movingTo: z.string().optional(),
  snapshots: z.array(Snapshot).optional(),
  /** While it has a disk that costs something. */
  disk: DiskAccount.optional(),
  /** What keeping it costs, without its snapshots, which are paid for by what they hold; US dollars. */
  usdPerMonth: z.number().optional(),
})
export type Workspace = z.infer<typeof Workspace>
export const WorkspaceList = z.object({ workspaces: z.array(Workspace) })
