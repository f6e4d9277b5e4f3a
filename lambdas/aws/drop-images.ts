import { DeleteSnapshotCommand, DeregisterImageCommand, DescribeImagesCommand, type EC2Client } from '@aws-sdk/client-ec2'
import { TAGS } from './fleet-request.ts'
import { IMAGE_TAG } from './stack-disks.ts'

/** The one that is used, and the one before: a launch that was frozen may still name it. */
const KEPT = 2

/** Deregisters all but the newest images of an architecture, with their snapshots, and answers which. May be repeated. */
export const dropImages = async (ec2: EC2Client, stack: string, architecture: string): Promise<string[]> => {
  const Filters = [
    { Name: `tag:${TAGS.stack}`, Values: [stack] },
    { Name: `tag:${IMAGE_TAG}`, Values: [architecture] },
  ]
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters }))
  // The time is in the name: EC2's own date is of whole seconds.
  const old = Images.toSorted((a, b) => ((a.Name ?? '') < (b.Name ?? '') ? 1 : -1)).slice(KEPT)
  const dropped: string[] = []
  for (const { ImageId = '', BlockDeviceMappings = [] } of old) {
    await ec2.send(new DeregisterImageCommand({ ImageId }))
    for (const { Ebs } of BlockDeviceMappings)
      if (Ebs?.SnapshotId !== undefined) await ec2.send(new DeleteSnapshotCommand({ SnapshotId: Ebs.SnapshotId }))
    dropped.push(ImageId)
  }
  return dropped
}
