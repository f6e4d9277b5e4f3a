import { describe, expect, it } from 'vitest'
import { orphanedDisks } from '../../../lambdas/aws/stack-disks.ts'
import { NOON } from '../../support/samples.ts'

const MINUTE = 60_000
const at = (minutes: number) => new Date(NOON - minutes * MINUTE)
const tags = (workspace?: string) => [
  { Key: 'remote:stack', Value: 'remote' },
  ...(workspace === undefined ? [] : [{ Key: 'remote:workspace', Value: workspace }]),
]
const volume = (VolumeId: string, workspace?: string, State: 'available' | 'in-use' = 'available', minutes = 60) => ({
  VolumeId,
  State,
  CreateTime: at(minutes),
  Size: 10,
  AvailabilityZone: 'us-east-1a',
  Tags: tags(workspace),
})
const snapshot = (SnapshotId: string, workspace?: string) => ({
  SnapshotId,
  StartTime: at(60),
  VolumeSize: 10,
  Tags: tags(workspace),
})
const orphaned = (
  workspaces: Parameters<typeof orphanedDisks>[1]['workspaces'],
  volumes: ReturnType<typeof volume>[],
  snapshots: ReturnType<typeof snapshot>[] = [],
) => orphanedDisks({ volumes, snapshots }, { workspaces, now: NOON, usdPerGbMonth: 0.08 }).map(({ id, why }) => [id, why])

const kept = { id: 'snap-kept', createdAt: at(90).toISOString(), sizeBytes: 1 }

describe('disks that nobody counts on', () => {
  it('are those of no workspace, and those that a workspace has left behind', () => {
    const workspaces = new Map([['a', { volume: 'vol-a', snapshots: [kept] }]])
    const volumes = [volume('vol-a', 'a'), volume('vol-old', 'a'), volume('vol-gone', 'b'), volume('vol-none')]
    expect(orphaned(workspaces, volumes, [snapshot('snap-kept', 'a'), snapshot('snap-left', 'a')])).toEqual([
      ['vol-old', 'workspace a does not count on it any more'],
      ['vol-gone', 'there is no workspace b any more'],
      ['vol-none', 'no machine has it, and it is of no workspace'],
      ['snap-left', 'workspace a does not count on it any more'],
    ])
  })

  it('are none of a workspace that moves, or has its first disk made; none that a machine has; none that is young', () => {
    const moving = new Map([['a', { volume: 'vol-a', movingTo: 'us-east-1b' }]])
    expect(orphaned(moving, [volume('vol-left', 'a')], [snapshot('snap-carrier', 'a')])).toEqual([])
    expect(orphaned(new Map([['a', {}]]), [volume('vol-first', 'a')])).toEqual([])
    expect(
      orphaned(new Map([['a', { volume: 'vol-a' }]]), [volume('vol-b', 'a', 'in-use'), volume('vol-c', 'a', 'available', 5)]),
    ).toEqual([])
  })
})
