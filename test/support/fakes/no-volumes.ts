import type { Volumes } from '../../../lambdas/aws/dynamo-workspace-store.ts'

/** Of workspaces whose disks nobody asks for. */
export const noVolumes: Volumes = {
  delete: async () => {},
  move: async () => {},
  snapshot: async () => {},
  deleteSnapshot: async () => {},
  grow: async () => {},
}
