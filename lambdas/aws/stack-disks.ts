import {
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  type Snapshot,
  type Tag,
  type Volume,
} from '@aws-sdk/client-ec2'
import type { Orphan } from '../../core/contract/operate.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import { HOURS_PER_MONTH, USD_PER_SNAPSHOT_GB_MONTH } from '../../core/domain/catalogue.ts'
import { TAGS } from './fleet-request.ts'
import { KEEP_TAG, MIN_AGE_MS } from './orphans.ts'

/** Of snapshots that belong to an image made by `remote cloud bake`; there they go with their image. */
export const IMAGE_TAG = 'remote:image'

export type Disks = { volumes: Volume[]; snapshots: Snapshot[] }
/** `workspaces`: what they say of their disks and snapshots, by name. */
export type Living = {
  workspaces: ReadonlyMap<string, Pick<Workspace, 'volume' | 'movingTo' | 'snapshots'>>
  now: number
  usdPerGbMonth: number
}

/** All disks and snapshots that carry the stack's tag. */
export const stackDisks = async (ec2: EC2Client, stack: string): Promise<Disks> => {
  const Filters = [{ Name: `tag:${TAGS.stack}`, Values: [stack] }]
  const disks: Disks = { volumes: [], snapshots: [] }
  let NextToken: string | undefined
  do {
    const page = await ec2.send(new DescribeVolumesCommand({ Filters, ...(NextToken && { NextToken }) }))
    disks.volumes.push(...(page.Volumes ?? []))
    NextToken = page.NextToken
  } while (NextToken)
  do {
    const page = await ec2.send(new DescribeSnapshotsCommand({ Filters, OwnerIds: ['self'], ...(NextToken && { NextToken }) }))
    disks.snapshots.push(...(page.Snapshots ?? []))
    NextToken = page.NextToken
  } while (NextToken)
  return disks
}

const tagsOf = (tags: readonly Tag[] = []) => new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]))

/** `isOwn`: whether the workspace counts on it. While it moves, nobody but who moves it knows what it is made of. */
const whyOrphaned = (
  tags: ReadonlyMap<string, string>,
  since: Date | undefined,
  { workspaces, now }: Living,
  isOwn: (workspace: Pick<Workspace, 'volume' | 'snapshots'>) => boolean,
) => {
  if (tags.has(KEEP_TAG) || tags.has(IMAGE_TAG) || now - (since?.getTime() ?? 0) < MIN_AGE_MS) return undefined
  const workspace = tags.get(TAGS.workspace)
  if (workspace === undefined) return 'no machine has it, and it is of no workspace'
  const known = workspaces.get(workspace)
  if (!known) return `there is no workspace ${workspace} any more`
  return known.movingTo !== undefined || isOwn(known) ? undefined : `workspace ${workspace} does not count on it any more`
}

const gbOf = (gb: number | undefined, usdPerMonth: number) => ({
  what: `${gb ?? 0} GB`,
  usdPerHour: ((gb ?? 0) * usdPerMonth) / HOURS_PER_MONTH,
})

/** Disks without a machine, and snapshots, that no workspace counts on, and no image. */
export const orphanedDisks = ({ volumes, snapshots }: Disks, living: Living): Orphan[] => {
  const orphans: Orphan[] = []
  for (const { VolumeId: id = '', State, Tags, CreateTime, Size, AvailabilityZone: zone } of volumes) {
    // One that has none may be having this one made.
    const isOwn = ({ volume }: { volume?: string | undefined }) => volume === undefined || volume === id
    const why = State === 'available' ? whyOrphaned(tagsOf(Tags), CreateTime, living, isOwn) : undefined
    if (why === undefined) continue
    const { what, usdPerHour } = gbOf(Size, living.usdPerGbMonth)
    const since = CreateTime && { since: CreateTime.toISOString() }
    orphans.push({ kind: 'volume', id, why, what: `${what}, ${zone}`, usdPerHour, ...since })
  }
  for (const { SnapshotId: id = '', Tags, StartTime, VolumeSize } of snapshots) {
    const isOwn = ({ snapshots: all = [] }: { snapshots?: Workspace['snapshots'] }) => all.some((one) => one.id === id)
    const why = whyOrphaned(tagsOf(Tags), StartTime, living, isOwn)
    const since = StartTime && { since: StartTime.toISOString() }
    if (why !== undefined) orphans.push({ kind: 'snapshot', id, why, ...gbOf(VolumeSize, USD_PER_SNAPSHOT_GB_MONTH), ...since })
  }
  return orphans
}
