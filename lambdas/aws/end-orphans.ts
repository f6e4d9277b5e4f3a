import {
  CancelSpotInstanceRequestsCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  type EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import type { EndedOrphans, Orphan } from '../../core/contract/operate.ts'
import { type Found, findOrphans, type Looking } from './find-orphans.ts'

/** A request that outlives its machine brings another one, without tags. Those of other stacks may not be cancelled, nor need they. */
const cancelRequest = async (ec2: EC2Client, { machines }: Found, id: string) => {
  const request = machines.find(({ InstanceId }) => InstanceId === id)?.SpotInstanceRequestId
  if (request === undefined || request === '') return
  await ec2
    .send(new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [request] }))
    .catch((error: unknown) => console.error(`request ${request} of ${id} was not cancelled`, error))
}

const endOne = async (ec2: EC2Client, found: Found, { kind, id }: Orphan) => {
  if (kind === 'machine') {
    await cancelRequest(ec2, found, id)
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  } else if (kind === 'volume') await ec2.send(new DeleteVolumeCommand({ VolumeId: id }))
  else await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }))
}

/** Ends those of the named that are nobody's still: what was shown may have become somebody's meanwhile. */
export const endOrphans = async (looking: Looking, ids: readonly string[]): Promise<EndedOrphans> => {
  const found = await findOrphans(looking)
  const ended: string[] = []
  const left: EndedOrphans['left'] = []
  for (const id of ids) {
    const orphan = found.orphans.find((one) => one.id === id)
    if (!orphan) left.push({ id, why: 'it is not an orphan, or gone' })
    else if (orphan.kind === 'session') left.push({ id, why: `end it as a session: remote terminate ${id}` })
    else {
      try {
        await endOne(looking.ec2, found, orphan)
        ended.push(id)
      } catch (error) {
        left.push({ id, why: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
      }
    }
  }
  return { ended, left }
}
