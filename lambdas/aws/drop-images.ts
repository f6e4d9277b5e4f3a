import {
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Image,
} from '@aws-sdk/client-ec2'
import { TAGS } from './fleet-request.ts'
import { IMAGE_TAG } from './stack-disks.ts'
import { codeOf } from './volume-errors.ts'

/** The one that is used, and the one before: a launch that was frozen may still name it. */
const KEPT = 2
/** For seconds after its image is gone, a snapshot is still called that image's: https://github.com/boto/boto/issues/3019 */
const IN_USE = 'InvalidSnapshot.InUse'
const PAUSES_MS = [1000, 2000, 4000, 8000]
/** A younger one may be of an image that is being made just now, and is not shown yet. */
const LEFT_MS = 3_600_000

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const snapshotsOf = ({ BlockDeviceMappings = [] }: Image): string[] =>
  BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? [])

export type Dropping = { ec2: EC2Client; stack: string; architecture: string; now: number; pause?: (ms: number) => Promise<void> }

/**
 * Deregisters all but the newest images of an architecture, with their snapshots, and answers which. May be repeated. A snapshot that cannot be
 * deleted yet fails nothing: no image names it any more, so the next call finds it by its tags.
 */
export const dropImages = async ({ ec2, stack, architecture, now, pause = delay }: Dropping): Promise<string[]> => {
  const Filters = [
    { Name: `tag:${TAGS.stack}`, Values: [stack] },
    { Name: `tag:${IMAGE_TAG}`, Values: [architecture] },
  ]
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters }))
  // The time is in the name: EC2's own date is of whole seconds.
  const newestFirst = Images.toSorted((a, b) => ((a.Name ?? '') < (b.Name ?? '') ? 1 : -1))
  const kept = new Set(newestFirst.slice(0, KEPT).flatMap(snapshotsOf))
  const old = newestFirst.slice(KEPT)
  for (const { ImageId = '' } of old) await ec2.send(new DeregisterImageCommand({ ImageId }))

  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }))
  const left = Snapshots.filter(({ StartTime }) => now - (StartTime?.getTime() ?? now) > LEFT_MS).flatMap(
    ({ SnapshotId = '' }) => SnapshotId,
  )
  const remove = async (SnapshotId: string, [wait, ...waits]: readonly number[]): Promise<void> => {
    try {
      await ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
    } catch (error) {
      const { code } = codeOf(error)
      if (code === 'InvalidSnapshot.NotFound') return
      if (code !== IN_USE || wait === undefined) return console.error(`snapshot ${SnapshotId} of no image is still there`, error)
      await pause(wait)
      await remove(SnapshotId, waits)
    }
  }
  for (const id of new Set([...old.flatMap(snapshotsOf), ...left])) if (!kept.has(id)) await remove(id, PAUSES_MS)
  return old.map(({ ImageId = '' }) => ImageId)
}
